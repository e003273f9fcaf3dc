// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	openapi_types "github.com/oapi-codegen/runtime/types"
)

// Defines values for DataLossMode.
const (
	DataLossModeFullDataLoss    DataLossMode = "FullDataLoss"
	DataLossModeInvalid         DataLossMode = "Invalid"
	DataLossModePartialDataLoss DataLossMode = "PartialDataLoss"
)

// Valid indicates whether the value is a known member of the DataLossMode enum.
func (e DataLossMode) Valid() bool {
	switch e {
	case DataLossModeFullDataLoss:
		return true
	case DataLossModeInvalid:
		return true
	case DataLossModePartialDataLoss:
		return true
	default:
		return false
	}
}

// Defines values for APIVersion.
const (
	APIVersion30 APIVersion = "3.0"
	APIVersion60 APIVersion = "6.0"
)

// Valid indicates whether the value is a known member of the APIVersion enum.
func (e APIVersion) Valid() bool {
	switch e {
	case APIVersion30:
		return true
	case APIVersion60:
		return true
	default:
		return false
	}
}

// Defines values for ErrorCode.
const (
	ErrorCodeAbort                                ErrorCode = "E_ABORT"
	ErrorCodeAccessDenied                         ErrorCode = "E_ACCESSDENIED"
	ErrorCodeApplicationAlreadyExists             ErrorCode = "FABRIC_E_APPLICATION_ALREADY_EXISTS"
	ErrorCodeApplicationAlreadyInTargetVersion    ErrorCode = "FABRIC_E_APPLICATION_ALREADY_IN_TARGET_VERSION"
	ErrorCodeApplicationNotFound                  ErrorCode = "FABRIC_E_APPLICATION_NOT_FOUND"
	ErrorCodeApplicationNotUpgrading              ErrorCode = "FABRIC_E_APPLICATION_NOT_UPGRADING"
	ErrorCodeApplicationTypeAlreadyExists         ErrorCode = "FABRIC_E_APPLICATION_TYPE_ALREADY_EXISTS"
	ErrorCodeApplicationTypeInUse                 ErrorCode = "FABRIC_E_APPLICATION_TYPE_IN_USE"
	ErrorCodeApplicationTypeNotFound              ErrorCode = "FABRIC_E_APPLICATION_TYPE_NOT_FOUND"
	ErrorCodeApplicationTypeProvisionInProgress   ErrorCode = "FABRIC_E_APPLICATION_TYPE_PROVISION_IN_PROGRESS"
	ErrorCodeApplicationUpgradeInProgress         ErrorCode = "FABRIC_E_APPLICATION_UPGRADE_IN_PROGRESS"
	ErrorCodeApplicationUpgradeValidationError    ErrorCode = "FABRIC_E_APPLICATION_UPGRADE_VALIDATION_ERROR"
	ErrorCodeBackupInProgress                     ErrorCode = "FABRIC_E_BACKUP_IN_PROGRESS"
	ErrorCodeBackupIsEnabled                      ErrorCode = "FABRIC_E_BACKUP_IS_ENABLED"
	ErrorCodeBackupNotEnabled                     ErrorCode = "FABRIC_E_BACKUP_NOT_ENABLED"
	ErrorCodeBackupPolicyAlreadyExisting          ErrorCode = "FABRIC_E_BACKUP_POLICY_ALREADY_EXISTING"
	ErrorCodeBackupPolicyNotExisting              ErrorCode = "FABRIC_E_BACKUP_POLICY_NOT_EXISTING"
	ErrorCodeCommunicationError                   ErrorCode = "FABRIC_E_COMMUNICATION_ERROR"
	ErrorCodeConfigurationParameterNotFound       ErrorCode = "FABRIC_E_CONFIGURATION_PARAMETER_NOT_FOUND"
	ErrorCodeConfigurationSectionNotFound         ErrorCode = "FABRIC_E_CONFIGURATION_SECTION_NOT_FOUND"
	ErrorCodeDirectoryNotFound                    ErrorCode = "FABRIC_E_DIRECTORY_NOT_FOUND"
	ErrorCodeEnumerationCompleted                 ErrorCode = "FABRIC_E_ENUMERATION_COMPLETED"
	ErrorCodeFabricAlreadyInTargetVersion         ErrorCode = "FABRIC_E_FABRIC_ALREADY_IN_TARGET_VERSION"
	ErrorCodeFabricNotUpgrading                   ErrorCode = "FABRIC_E_FABRIC_NOT_UPGRADING"
	ErrorCodeFabricUpgradeInProgress              ErrorCode = "FABRIC_E_FABRIC_UPGRADE_IN_PROGRESS"
	ErrorCodeFabricUpgradeValidationError         ErrorCode = "FABRIC_E_FABRIC_UPGRADE_VALIDATION_ERROR"
	ErrorCodeFabricVersionAlreadyExists           ErrorCode = "FABRIC_E_FABRIC_VERSION_ALREADY_EXISTS"
	ErrorCodeFabricVersionInUse                   ErrorCode = "FABRIC_E_FABRIC_VERSION_IN_USE"
	ErrorCodeFabricVersionNotFound                ErrorCode = "FABRIC_E_FABRIC_VERSION_NOT_FOUND"
	ErrorCodeFail                                 ErrorCode = "E_FAIL"
	ErrorCodeFaultAnalysisServiceNotExisting      ErrorCode = "FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_EXISTING"
	ErrorCodeFileNotFound                         ErrorCode = "FABRIC_E_FILE_NOT_FOUND"
	ErrorCodeGatewayNotReachable                  ErrorCode = "FABRIC_E_GATEWAY_NOT_REACHABLE"
	ErrorCodeHealthEntityNotFound                 ErrorCode = "FABRIC_E_HEALTH_ENTITY_NOT_FOUND"
	ErrorCodeHealthStaleReport                    ErrorCode = "FABRIC_E_HEALTH_STALE_REPORT"
	ErrorCodeImageBuilderValidationError          ErrorCode = "FABRIC_E_IMAGEBUILDER_VALIDATION_ERROR"
	ErrorCodeInstanceIDMismatch                   ErrorCode = "FABRIC_E_INSTANCE_ID_MISMATCH"
	ErrorCodeInvalidAddress                       ErrorCode = "FABRIC_E_INVALID_ADDRESS"
	ErrorCodeInvalidArg                           ErrorCode = "E_INVALIDARG"
	ErrorCodeInvalidAtomicGroup                   ErrorCode = "FABRIC_E_INVALID_ATOMIC_GROUP"
	ErrorCodeInvalidConfiguration                 ErrorCode = "FABRIC_E_INVALID_CONFIGURATION"
	ErrorCodeInvalidDuration                      ErrorCode = "FABRIC_E_INVALID_DURATION"
	ErrorCodeInvalidForStatelessServices          ErrorCode = "FABRIC_E_INVALID_FOR_STATELESS_SERVICES"
	ErrorCodeInvalidInstanceID                    ErrorCode = "FABRIC_E_INVALID_INSTANCE_ID"
	ErrorCodeInvalidNameURI                       ErrorCode = "FABRIC_E_INVALID_NAME_URI"
	ErrorCodeInvalidPartitionKey                  ErrorCode = "FABRIC_E_INVALID_PARTITION_KEY"
	ErrorCodeInvalidServiceScalingPolicy          ErrorCode = "FABRIC_E_INVALID_SERVICE_SCALING_POLICY"
	ErrorCodeInvalidTestCommandState              ErrorCode = "FABRIC_E_INVALID_TEST_COMMAND_STATE"
	ErrorCodeKeyNotFound                          ErrorCode = "FABRIC_E_KEY_NOT_FOUND"
	ErrorCodeKeyTooLarge                          ErrorCode = "FABRIC_E_KEY_TOO_LARGE"
	ErrorCodeMessageTooLarge                      ErrorCode = "FABRIC_E_MESSAGE_TOO_LARGE"
	ErrorCodeNameAlreadyExists                    ErrorCode = "FABRIC_E_NAME_ALREADY_EXISTS"
	ErrorCodeNameDoesNotExist                     ErrorCode = "FABRIC_E_NAME_DOES_NOT_EXIST"
	ErrorCodeNameNotEmpty                         ErrorCode = "FABRIC_E_NAME_NOT_EMPTY"
	ErrorCodeNoWriteQuorum                        ErrorCode = "FABRIC_E_NO_WRITE_QUORUM"
	ErrorCodeNodeHasNotStoppedYet                 ErrorCode = "FABRIC_E_NODE_HAS_NOT_STOPPED_YET"
	ErrorCodeNodeIsUp                             ErrorCode = "FABRIC_E_NODE_IS_UP"
	ErrorCodeNodeNotFound                         ErrorCode = "FABRIC_E_NODE_NOT_FOUND"
	ErrorCodeNodeTransitionInProgress             ErrorCode = "FABRIC_E_NODE_TRANSITION_IN_PROGRESS"
	ErrorCodeNotImpl                              ErrorCode = "E_NOTIMPL"
	ErrorCodeNotPrimary                           ErrorCode = "FABRIC_E_NOT_PRIMARY"
	ErrorCodeNotReady                             ErrorCode = "FABRIC_E_NOT_READY"
	ErrorCodeOperationNotComplete                 ErrorCode = "FABRIC_E_OPERATION_NOT_COMPLETE"
	ErrorCodePartitionNotFound                    ErrorCode = "FABRIC_E_PARTITION_NOT_FOUND"
	ErrorCodePathTooLong                          ErrorCode = "FABRIC_E_PATH_TOO_LONG"
	ErrorCodePropertyCheckFailed                  ErrorCode = "FABRIC_E_PROPERTY_CHECK_FAILED"
	ErrorCodePropertyDoesNotExist                 ErrorCode = "FABRIC_E_PROPERTY_DOES_NOT_EXIST"
	ErrorCodeReconfigurationPending               ErrorCode = "FABRIC_E_RECONFIGURATION_PENDING"
	ErrorCodeReplicaDoesNotExist                  ErrorCode = "FABRIC_E_REPLICA_DOES_NOT_EXIST"
	ErrorCodeRestoreInProgress                    ErrorCode = "FABRIC_E_RESTORE_IN_PROGRESS"
	ErrorCodeRestoreSourceTargetPartitionMismatch ErrorCode = "FABRIC_E_RESTORE_SOURCE_TARGET_PARTITION_MISMATCH"
	ErrorCodeSequenceNumberCheckFailed            ErrorCode = "FABRIC_E_SEQUENCE_NUMBER_CHECK_FAILED"
	ErrorCodeServiceAffinityChainNotSupported     ErrorCode = "FABRIC_E_SERVICE_AFFINITY_CHAIN_NOT_SUPPORTED"
	ErrorCodeServiceAlreadyExists                 ErrorCode = "FABRIC_E_SERVICE_ALREADY_EXISTS"
	ErrorCodeServiceDoesNotExist                  ErrorCode = "FABRIC_E_SERVICE_DOES_NOT_EXIST"
	ErrorCodeServiceGroupAlreadyExists            ErrorCode = "FABRIC_E_SERVICE_GROUP_ALREADY_EXISTS"
	ErrorCodeServiceGroupDoesNotExist             ErrorCode = "FABRIC_E_SERVICE_GROUP_DOES_NOT_EXIST"
	ErrorCodeServiceManifestNotFound              ErrorCode = "FABRIC_E_SERVICE_MANIFEST_NOT_FOUND"
	ErrorCodeServiceMetadataMismatch              ErrorCode = "FABRIC_E_SERVICE_METADATA_MISMATCH"
	ErrorCodeServiceOffline                       ErrorCode = "FABRIC_E_SERVICE_OFFLINE"
	ErrorCodeServiceTooBusy                       ErrorCode = "FABRIC_E_SERVICE_TOO_BUSY"
	ErrorCodeServiceTypeMismatch                  ErrorCode = "FABRIC_E_SERVICE_TYPE_MISMATCH"
	ErrorCodeServiceTypeNotFound                  ErrorCode = "FABRIC_E_SERVICE_TYPE_NOT_FOUND"
	ErrorCodeServiceTypeTemplateNotFound          ErrorCode = "FABRIC_E_SERVICE_TYPE_TEMPLATE_NOT_FOUND"
	ErrorCodeTestCommandOperationIDAlreadyExists  ErrorCode = "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS"
	ErrorCodeTimeout                              ErrorCode = "FABRIC_E_TIMEOUT"
	ErrorCodeValueEmpty                           ErrorCode = "FABRIC_E_VALUE_EMPTY"
	ErrorCodeValueTooLarge                        ErrorCode = "FABRIC_E_VALUE_TOO_LARGE"
)

// Valid indicates whether the value is a known member of the ErrorCode enum.
func (e ErrorCode) Valid() bool {
	switch e {
	case ErrorCodeAbort:
		return true
	case ErrorCodeAccessDenied:
		return true
	case ErrorCodeApplicationAlreadyExists:
		return true
	case ErrorCodeApplicationAlreadyInTargetVersion:
		return true
	case ErrorCodeApplicationNotFound:
		return true
	case ErrorCodeApplicationNotUpgrading:
		return true
	case ErrorCodeApplicationTypeAlreadyExists:
		return true
	case ErrorCodeApplicationTypeInUse:
		return true
	case ErrorCodeApplicationTypeNotFound:
		return true
	case ErrorCodeApplicationTypeProvisionInProgress:
		return true
	case ErrorCodeApplicationUpgradeInProgress:
		return true
	case ErrorCodeApplicationUpgradeValidationError:
		return true
	case ErrorCodeBackupInProgress:
		return true
	case ErrorCodeBackupIsEnabled:
		return true
	case ErrorCodeBackupNotEnabled:
		return true
	case ErrorCodeBackupPolicyAlreadyExisting:
		return true
	case ErrorCodeBackupPolicyNotExisting:
		return true
	case ErrorCodeCommunicationError:
		return true
	case ErrorCodeConfigurationParameterNotFound:
		return true
	case ErrorCodeConfigurationSectionNotFound:
		return true
	case ErrorCodeDirectoryNotFound:
		return true
	case ErrorCodeEnumerationCompleted:
		return true
	case ErrorCodeFabricAlreadyInTargetVersion:
		return true
	case ErrorCodeFabricNotUpgrading:
		return true
	case ErrorCodeFabricUpgradeInProgress:
		return true
	case ErrorCodeFabricUpgradeValidationError:
		return true
	case ErrorCodeFabricVersionAlreadyExists:
		return true
	case ErrorCodeFabricVersionInUse:
		return true
	case ErrorCodeFabricVersionNotFound:
		return true
	case ErrorCodeFail:
		return true
	case ErrorCodeFaultAnalysisServiceNotExisting:
		return true
	case ErrorCodeFileNotFound:
		return true
	case ErrorCodeGatewayNotReachable:
		return true
	case ErrorCodeHealthEntityNotFound:
		return true
	case ErrorCodeHealthStaleReport:
		return true
	case ErrorCodeImageBuilderValidationError:
		return true
	case ErrorCodeInstanceIDMismatch:
		return true
	case ErrorCodeInvalidAddress:
		return true
	case ErrorCodeInvalidArg:
		return true
	case ErrorCodeInvalidAtomicGroup:
		return true
	case ErrorCodeInvalidConfiguration:
		return true
	case ErrorCodeInvalidDuration:
		return true
	case ErrorCodeInvalidForStatelessServices:
		return true
	case ErrorCodeInvalidInstanceID:
		return true
	case ErrorCodeInvalidNameURI:
		return true
	case ErrorCodeInvalidPartitionKey:
		return true
	case ErrorCodeInvalidServiceScalingPolicy:
		return true
	case ErrorCodeInvalidTestCommandState:
		return true
	case ErrorCodeKeyNotFound:
		return true
	case ErrorCodeKeyTooLarge:
		return true
	case ErrorCodeMessageTooLarge:
		return true
	case ErrorCodeNameAlreadyExists:
		return true
	case ErrorCodeNameDoesNotExist:
		return true
	case ErrorCodeNameNotEmpty:
		return true
	case ErrorCodeNoWriteQuorum:
		return true
	case ErrorCodeNodeHasNotStoppedYet:
		return true
	case ErrorCodeNodeIsUp:
		return true
	case ErrorCodeNodeNotFound:
		return true
	case ErrorCodeNodeTransitionInProgress:
		return true
	case ErrorCodeNotImpl:
		return true
	case ErrorCodeNotPrimary:
		return true
	case ErrorCodeNotReady:
		return true
	case ErrorCodeOperationNotComplete:
		return true
	case ErrorCodePartitionNotFound:
		return true
	case ErrorCodePathTooLong:
		return true
	case ErrorCodePropertyCheckFailed:
		return true
	case ErrorCodePropertyDoesNotExist:
		return true
	case ErrorCodeReconfigurationPending:
		return true
	case ErrorCodeReplicaDoesNotExist:
		return true
	case ErrorCodeRestoreInProgress:
		return true
	case ErrorCodeRestoreSourceTargetPartitionMismatch:
		return true
	case ErrorCodeSequenceNumberCheckFailed:
		return true
	case ErrorCodeServiceAffinityChainNotSupported:
		return true
	case ErrorCodeServiceAlreadyExists:
		return true
	case ErrorCodeServiceDoesNotExist:
		return true
	case ErrorCodeServiceGroupAlreadyExists:
		return true
	case ErrorCodeServiceGroupDoesNotExist:
		return true
	case ErrorCodeServiceManifestNotFound:
		return true
	case ErrorCodeServiceMetadataMismatch:
		return true
	case ErrorCodeServiceOffline:
		return true
	case ErrorCodeServiceTooBusy:
		return true
	case ErrorCodeServiceTypeMismatch:
		return true
	case ErrorCodeServiceTypeNotFound:
		return true
	case ErrorCodeServiceTypeTemplateNotFound:
		return true
	case ErrorCodeTestCommandOperationIDAlreadyExists:
		return true
	case ErrorCodeTimeout:
		return true
	case ErrorCodeValueEmpty:
		return true
	case ErrorCodeValueTooLarge:
		return true
	default:
		return false
	}
}

// Defines values for NodeTransitionType.
const (
	NodeTransitionTypeInvalid NodeTransitionType = "Invalid"
	NodeTransitionTypeStart   NodeTransitionType = "Start"
	NodeTransitionTypeStop    NodeTransitionType = "Stop"
)

// Valid indicates whether the value is a known member of the NodeTransitionType enum.
func (e NodeTransitionType) Valid() bool {
	switch e {
	case NodeTransitionTypeInvalid:
		return true
	case NodeTransitionTypeStart:
		return true
	case NodeTransitionTypeStop:
		return true
	default:
		return false
	}
}

// Defines values for OperationState.
const (
	OperationStateCancelled      OperationState = "Cancelled"
	OperationStateCompleted      OperationState = "Completed"
	OperationStateFaulted        OperationState = "Faulted"
	OperationStateForceCancelled OperationState = "ForceCancelled"
	OperationStateInvalid        OperationState = "Invalid"
	OperationStateRollingBack    OperationState = "RollingBack"
	OperationStateRunning        OperationState = "Running"
)

// Valid indicates whether the value is a known member of the OperationState enum.
func (e OperationState) Valid() bool {
	switch e {
	case OperationStateCancelled:
		return true
	case OperationStateCompleted:
		return true
	case OperationStateFaulted:
		return true
	case OperationStateForceCancelled:
		return true
	case OperationStateInvalid:
		return true
	case OperationStateRollingBack:
		return true
	case OperationStateRunning:
		return true
	default:
		return false
	}
}

// Defines values for OperationType.
const (
	OperationTypeInvalid             OperationType = "Invalid"
	OperationTypeNodeTransition      OperationType = "NodeTransition"
	OperationTypePartitionDataLoss   OperationType = "PartitionDataLoss"
	OperationTypePartitionQuorumLoss OperationType = "PartitionQuorumLoss"
	OperationTypePartitionRestart    OperationType = "PartitionRestart"
)

// Valid indicates whether the value is a known member of the OperationType enum.
func (e OperationType) Valid() bool {
	switch e {
	case OperationTypeInvalid:
		return true
	case OperationTypeNodeTransition:
		return true
	case OperationTypePartitionDataLoss:
		return true
	case OperationTypePartitionQuorumLoss:
		return true
	case OperationTypePartitionRestart:
		return true
	default:
		return false
	}
}

// Defines values for QuorumLossMode.
const (
	QuorumLossModeAllReplicas        QuorumLossMode = "AllReplicas"
	QuorumLossModeInvalid            QuorumLossMode = "Invalid"
	QuorumLossModeQuorumLossReplicas QuorumLossMode = "QuorumLossReplicas"
	QuorumLossModeQuorumReplicas     QuorumLossMode = "QuorumReplicas"
)

// Valid indicates whether the value is a known member of the QuorumLossMode enum.
func (e QuorumLossMode) Valid() bool {
	switch e {
	case QuorumLossModeAllReplicas:
		return true
	case QuorumLossModeInvalid:
		return true
	case QuorumLossModeQuorumLossReplicas:
		return true
	case QuorumLossModeQuorumReplicas:
		return true
	default:
		return false
	}
}

// Defines values for RestartPartitionMode.
const (
	RestartPartitionModeAllReplicasOrInstances RestartPartitionMode = "AllReplicasOrInstances"
	RestartPartitionModeInvalid                RestartPartitionMode = "Invalid"
	RestartPartitionModeOnlyActiveSecondaries  RestartPartitionMode = "OnlyActiveSecondaries"
)

// Valid indicates whether the value is a known member of the RestartPartitionMode enum.
func (e RestartPartitionMode) Valid() bool {
	switch e {
	case RestartPartitionModeAllReplicasOrInstances:
		return true
	case RestartPartitionModeInvalid:
		return true
	case RestartPartitionModeOnlyActiveSecondaries:
		return true
	default:
		return false
	}
}

// DataLossMode PartialDataLoss removes enough replicas to lose quorum, FullDataLoss all. Invalid is reserved.
type DataLossMode string

// APIVersion The versions that have a document of their own.
type APIVersion string

// FabricError The body of every failure.
type FabricError struct {
	// Error Which failure, and a text for a person.
	Error FabricErrorDetail `json:"Error"`
}

// ErrorCode The codes that are known to occur. The list is open.
type ErrorCode string

// FabricErrorDetail Which failure, and a text for a person.
type FabricErrorDetail struct {
	// Code The codes that are known to occur. The list is open.
	Code ErrorCode `json:"Code"`

	// Message A sentence for a person. Its wording is not part of the contract.
	Message string `json:"Message"`
}

// InvokeDataLossResult How a data loss ended.
type InvokeDataLossResult struct {
	// ErrorCode 0 for success, otherwise the HRESULT that ended the operation, as a signed number.
	ErrorCode int32 `json:"ErrorCode"`

	// SelectedPartition The partition that an operation worked on. Its id is all zeros if it was never found.
	SelectedPartition SelectedPartition `json:"SelectedPartition"`
}

// InvokeQuorumLossResult How a quorum loss ended.
type InvokeQuorumLossResult struct {
	// ErrorCode 0 for success, otherwise the HRESULT that ended the operation, as a signed number.
	ErrorCode int32 `json:"ErrorCode"`

	// SelectedPartition The partition that an operation worked on. Its id is all zeros if it was never found.
	SelectedPartition SelectedPartition `json:"SelectedPartition"`
}

// NodeName The name of a node.
type NodeName = string

// NodeResult The node that a transition worked on.
type NodeResult struct {
	// NodeInstanceID The instance that the request named, as a decimal number.
	NodeInstanceID string `json:"NodeInstanceId"`

	// NodeName The name of a node.
	NodeName NodeName `json:"NodeName"`
}

// NodeTransitionProgress Where a node transition stands.
type NodeTransitionProgress struct {
	// NodeTransitionResult How a node transition ended.
	NodeTransitionResult *NodeTransitionResult `json:"NodeTransitionResult,omitempty"`

	// State Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
	// final. Invalid is reserved.
	State OperationState `json:"State"`
}

// NodeTransitionResult How a node transition ended.
type NodeTransitionResult struct {
	// ErrorCode 0 for success, otherwise the HRESULT that ended the operation, as a signed number.
	ErrorCode int32 `json:"ErrorCode"`

	// NodeResult The node that a transition worked on.
	NodeResult NodeResult `json:"NodeResult"`
}

// NodeTransitionType Start a stopped node, or stop a running one. Invalid is reserved.
type NodeTransitionType string

// OperationID The GUID that names one fault operation.
type OperationID = openapi_types.UUID

// OperationState Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
// final. Invalid is reserved.
type OperationState string

// OperationStatus One operation, as the list shows it.
type OperationStatus struct {
	// OperationID The GUID that names one fault operation.
	OperationID OperationID `json:"OperationId"`

	// State Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
	// final. Invalid is reserved.
	State OperationState `json:"State"`

	// Type The kind of fault. Invalid is reserved.
	Type OperationType `json:"Type"`
}

// OperationStatusList A bare array; there is no envelope and there are no pages.
type OperationStatusList = []OperationStatus

// OperationType The kind of fault. Invalid is reserved.
type OperationType string

// PartitionDataLossProgress Where a data loss stands.
type PartitionDataLossProgress struct {
	// InvokeDataLossResult How a data loss ended.
	InvokeDataLossResult *InvokeDataLossResult `json:"InvokeDataLossResult,omitempty"`

	// State Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
	// final. Invalid is reserved.
	State OperationState `json:"State"`
}

// PartitionID The GUID of a partition.
type PartitionID = openapi_types.UUID

// PartitionQuorumLossProgress Where a quorum loss stands.
type PartitionQuorumLossProgress struct {
	// InvokeQuorumLossResult How a quorum loss ended.
	InvokeQuorumLossResult *InvokeQuorumLossResult `json:"InvokeQuorumLossResult,omitempty"`

	// State Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
	// final. Invalid is reserved.
	State OperationState `json:"State"`
}

// PartitionRestartProgress Where a partition restart stands.
type PartitionRestartProgress struct {
	// RestartPartitionResult How a partition restart ended.
	RestartPartitionResult *RestartPartitionResult `json:"RestartPartitionResult,omitempty"`

	// State Where an operation stands. Running and RollingBack go on; Completed, Faulted, Cancelled and ForceCancelled are
	// final. Invalid is reserved.
	State OperationState `json:"State"`
}

// QuorumLossMode QuorumReplicas takes down as many replicas as it takes to lose the quorum, AllReplicas all of them. Runtimes
// call the first QuorumLossReplicas, and only that. Invalid is reserved.
type QuorumLossMode string

// RestartPartitionMode All replicas or instances, or only the active secondaries. Invalid is reserved.
type RestartPartitionMode string

// RestartPartitionResult How a partition restart ended.
type RestartPartitionResult struct {
	// ErrorCode 0 for success, otherwise the HRESULT that ended the operation, as a signed number.
	ErrorCode int32 `json:"ErrorCode"`

	// SelectedPartition The partition that an operation worked on. Its id is all zeros if it was never found.
	SelectedPartition SelectedPartition `json:"SelectedPartition"`
}

// SelectedPartition The partition that an operation worked on. Its id is all zeros if it was never found.
type SelectedPartition struct {
	// PartitionID The GUID of a partition.
	PartitionID PartitionID `json:"PartitionId"`

	// ServiceName A service by its whole name, for example fabric:/shop/orders.
	ServiceName ServiceName `json:"ServiceName"`
}

// ServiceName A service by its whole name, for example fabric:/shop/orders.
type ServiceName = string

// APIVersionParameter The versions that have a document of their own.
type APIVersionParameter = APIVersion

// DataLossModeParameter PartialDataLoss removes enough replicas to lose quorum, FullDataLoss all. Invalid is reserved.
type DataLossModeParameter = DataLossMode

// Force defines model for Force.
type Force = bool

// NodeInstanceID defines model for NodeInstanceId.
type NodeInstanceID = string

// NodeNameParameter defines model for NodeName.
type NodeNameParameter = string

// NodeTransitionTypeParameter Start a stopped node, or stop a running one. Invalid is reserved.
type NodeTransitionTypeParameter = NodeTransitionType

// OperationIDParameter defines model for OperationId.
type OperationIDParameter = openapi_types.UUID

// PartitionIDParameter defines model for PartitionId.
type PartitionIDParameter = openapi_types.UUID

// QuorumLossDuration defines model for QuorumLossDuration.
type QuorumLossDuration = int

// QuorumLossModeParameter QuorumReplicas takes down as many replicas as it takes to lose the quorum, AllReplicas all of them. Runtimes
// call the first QuorumLossReplicas, and only that. Invalid is reserved.
type QuorumLossModeParameter = QuorumLossMode

// RestartPartitionModeParameter All replicas or instances, or only the active secondaries. Invalid is reserved.
type RestartPartitionModeParameter = RestartPartitionMode

// ServiceID defines model for ServiceId.
type ServiceID = string

// StateFilter defines model for StateFilter.
type StateFilter = int

// StopDurationInSeconds defines model for StopDurationInSeconds.
type StopDurationInSeconds = int32

// Timeout defines model for Timeout.
type Timeout = int64

// TypeFilter defines model for TypeFilter.
type TypeFilter = int

// CancelRefused The body of every failure.
type CancelRefused = FabricError

// FabricErrorResponse The body of every failure.
type FabricErrorResponse = FabricError

// StartRefused The body of every failure.
type StartRefused = FabricError

// GetFaultOperationListParams defines parameters for GetFaultOperationList.
type GetFaultOperationListParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// StateFilter Which states to list, as a sum of bits: 1 running, 2 rolling back, 8 completed, 16 failed, 32 cancelled, 64
	// force-cancelled. 65535 lists every state.
	StateFilter StateFilter `form:"StateFilter" json:"StateFilter"`

	// TypeFilter Which kinds to list, as a sum of bits: 1 data loss, 2 quorum loss, 4 partition restart, 8 node transition.
	// 65535 lists every kind.
	TypeFilter TypeFilter `form:"TypeFilter" json:"TypeFilter"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// CancelOperationParams defines parameters for CancelOperation.
type CancelOperationParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// Force False cancels gracefully and undoes what the operation changed. True abandons the operation, and some of its
	// changes may stay.
	Force Force `form:"Force" json:"Force"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// GetNodeTransitionProgressParams defines parameters for GetNodeTransitionProgress.
type GetNodeTransitionProgressParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// StartNodeTransitionParams defines parameters for StartNodeTransition.
type StartNodeTransitionParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// NodeInstanceID Which instance of the node is meant, as a decimal number. 0 is refused. If it is not the live instance, the
	// transition ends Faulted.
	NodeInstanceID NodeInstanceID `form:"NodeInstanceId" json:"NodeInstanceId"`

	// NodeTransitionType Whether the node is to be stopped or started.
	NodeTransitionType NodeTransitionTypeParameter `form:"NodeTransitionType" json:"NodeTransitionType"`

	// StopDurationInSeconds How long the node stays down, in seconds. Only a stop uses it. The documents ask for 600 to 14400; runtimes take
	// 300 already.
	StopDurationInSeconds StopDurationInSeconds `form:"StopDurationInSeconds" json:"StopDurationInSeconds"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// GetDataLossProgressParams defines parameters for GetDataLossProgress.
type GetDataLossProgressParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// GetQuorumLossProgressParams defines parameters for GetQuorumLossProgress.
type GetQuorumLossProgressParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// GetPartitionRestartProgressParams defines parameters for GetPartitionRestartProgress.
type GetPartitionRestartProgressParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// StartDataLossParams defines parameters for StartDataLoss.
type StartDataLossParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// DataLossMode How much of the partition is lost.
	DataLossMode DataLossModeParameter `form:"DataLossMode" json:"DataLossMode"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// StartQuorumLossParams defines parameters for StartQuorumLoss.
type StartQuorumLossParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// QuorumLossMode Which replicas go down.
	QuorumLossMode QuorumLossModeParameter `form:"QuorumLossMode" json:"QuorumLossMode"`

	// QuorumLossDuration How long the partition stays without a quorum, in seconds.
	QuorumLossDuration QuorumLossDuration `form:"QuorumLossDuration" json:"QuorumLossDuration"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}

// StartPartitionRestartParams defines parameters for StartPartitionRestart.
type StartPartitionRestartParams struct {
	// APIVersion Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes
	// every version between the first documented one and its own, and behaves as the last documented version that is
	// not above it.
	APIVersion APIVersionParameter `form:"api-version" json:"api-version"`

	// OperationID The GUID of one fault operation. The caller chooses it at the start; every later call repeats it.
	OperationID OperationIDParameter `form:"OperationId" json:"OperationId"`

	// RestartPartitionMode Which replicas or instances restart.
	RestartPartitionMode RestartPartitionModeParameter `form:"RestartPartitionMode" json:"RestartPartitionMode"`

	// Timeout How many seconds the caller gives the server for this request. Documented from api-version 6.0 on.
	Timeout *Timeout `form:"timeout,omitempty" json:"timeout,omitempty"`
}
