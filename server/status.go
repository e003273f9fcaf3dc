package server

import (
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

// StatusOf returns the HTTP status that the runtime's gateway sends with a
// code: its own table (Management/HttpTransport/HttpUtil.cpp), restricted to
// the codes of the document. Every other code, and the empty one, is a 500, as
// it is there. Where the documents name another status than the code sends,
// this is what the code sends.
func StatusOf(code generated.ErrorCode) int {
	switch code {
	case generated.ErrorCodeInvalidArg,
		generated.ErrorCodeApplicationNotUpgrading,
		generated.ErrorCodeApplicationUpgradeValidationError,
		generated.ErrorCodeBackupInProgress,
		generated.ErrorCodeBackupNotEnabled,
		generated.ErrorCodeConfigurationSectionNotFound,
		generated.ErrorCodeFabricNotUpgrading,
		generated.ErrorCodeFabricUpgradeValidationError,
		generated.ErrorCodeImageBuilderValidationError,
		generated.ErrorCodeInvalidAddress,
		generated.ErrorCodeInvalidAtomicGroup,
		generated.ErrorCodeInvalidConfiguration,
		generated.ErrorCodeInvalidDuration,
		generated.ErrorCodeInvalidForStatelessServices,
		generated.ErrorCodeInvalidInstanceID,
		generated.ErrorCodeInvalidNameURI,
		generated.ErrorCodeInvalidPartitionKey,
		generated.ErrorCodeInvalidServiceScalingPolicy,
		generated.ErrorCodeInvalidTestCommandState,
		generated.ErrorCodeKeyTooLarge,
		generated.ErrorCodeNodeIsUp,
		generated.ErrorCodeNodeTransitionInProgress,
		generated.ErrorCodePathTooLong,
		generated.ErrorCodeServiceAffinityChainNotSupported,
		generated.ErrorCodeValueEmpty:
		return http.StatusBadRequest

	case generated.ErrorCodeAccessDenied:
		return http.StatusForbidden

	case generated.ErrorCodeApplicationNotFound,
		generated.ErrorCodeApplicationTypeNotFound,
		generated.ErrorCodeConfigurationParameterNotFound,
		generated.ErrorCodeDirectoryNotFound,
		generated.ErrorCodeEnumerationCompleted,
		generated.ErrorCodeFabricVersionNotFound,
		generated.ErrorCodeFileNotFound,
		generated.ErrorCodeHealthEntityNotFound,
		generated.ErrorCodeKeyNotFound,
		generated.ErrorCodeNameDoesNotExist,
		generated.ErrorCodeNodeNotFound,
		generated.ErrorCodePartitionNotFound,
		generated.ErrorCodePropertyDoesNotExist,
		generated.ErrorCodeReplicaDoesNotExist,
		generated.ErrorCodeServiceDoesNotExist,
		generated.ErrorCodeServiceGroupDoesNotExist,
		generated.ErrorCodeServiceManifestNotFound,
		generated.ErrorCodeServiceTypeNotFound,
		generated.ErrorCodeServiceTypeTemplateNotFound:
		return http.StatusNotFound

	case generated.ErrorCodeApplicationAlreadyExists,
		generated.ErrorCodeApplicationAlreadyInTargetVersion,
		generated.ErrorCodeApplicationTypeAlreadyExists,
		generated.ErrorCodeApplicationTypeInUse,
		generated.ErrorCodeApplicationTypeProvisionInProgress,
		generated.ErrorCodeApplicationUpgradeInProgress,
		generated.ErrorCodeFabricAlreadyInTargetVersion,
		generated.ErrorCodeFabricUpgradeInProgress,
		generated.ErrorCodeFabricVersionAlreadyExists,
		generated.ErrorCodeFabricVersionInUse,
		generated.ErrorCodeHealthStaleReport,
		generated.ErrorCodeInstanceIDMismatch,
		generated.ErrorCodeNameAlreadyExists,
		generated.ErrorCodeNameNotEmpty,
		generated.ErrorCodeNodeHasNotStoppedYet,
		generated.ErrorCodePropertyCheckFailed,
		generated.ErrorCodeRestoreSourceTargetPartitionMismatch,
		generated.ErrorCodeSequenceNumberCheckFailed,
		generated.ErrorCodeServiceAlreadyExists,
		generated.ErrorCodeServiceGroupAlreadyExists,
		generated.ErrorCodeServiceMetadataMismatch,
		generated.ErrorCodeServiceTypeMismatch,
		generated.ErrorCodeTestCommandOperationIDAlreadyExists:
		return http.StatusConflict

	case generated.ErrorCodeMessageTooLarge,
		generated.ErrorCodeValueTooLarge:
		return http.StatusRequestEntityTooLarge

	case generated.ErrorCodeNotImpl:
		return http.StatusNotImplemented

	case generated.ErrorCodeGatewayNotReachable:
		return http.StatusBadGateway

	case generated.ErrorCodeAbort,
		generated.ErrorCodeNotPrimary,
		generated.ErrorCodeNotReady,
		generated.ErrorCodeNoWriteQuorum,
		generated.ErrorCodeReconfigurationPending,
		generated.ErrorCodeServiceOffline,
		generated.ErrorCodeServiceTooBusy:
		return http.StatusServiceUnavailable

	case generated.ErrorCodeCommunicationError,
		generated.ErrorCodeOperationNotComplete,
		generated.ErrorCodeTimeout:
		return http.StatusGatewayTimeout

	default:
		return http.StatusInternalServerError
	}
}
