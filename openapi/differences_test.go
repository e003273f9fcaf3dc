package openapi_test

// difference is one fact on which the document and the official contract of 6.0 disagree, on purpose.
type difference struct {
	key            string
	official, ours string
	reason         string
	// forms are the forms of the document that have the difference.
	forms string
}

const (
	everyForm = "whole 3.0 6.0"
	whole     = "whole"
	only30    = "3.0"
)

// everyOperation at the start of a key stands for each of the operations.
const everyOperation = "every operation/"

const (
	noSecurity   = "says on purpose what the official contract leaves open: how a cluster is secured is not part of the contract"
	bothVersions = "one document serves both documented versions and every version that a runtime adds; the views have the one text"
	before60     = "the document of 3.0 has its own version, and no timeout"
	noEnumName   = "the official contract names the enum for its generator; ours is named for the two texts, and the views have none"
	runtimeMode  = "runtimes take this text where the documents say QuorumReplicas, so clients of both must be able to send it"
	errorName    = "the official name comes from nesting; ours is a name that a program can carry"
	openCodes    = "servers send codes that no edition lists, so the text is open and the list is only what is known"
	laterCode    = "editions from 6.2 on list it, and one list of known codes serves every version"
	codeOfFaults = "these operations answer with it, although no edition lists it"
	codeOfServer = "the HTTP gateway answers with it on any route, although no edition lists it"
	codeOfTable  = "the status table of the runtime has it, and clients decide on retries by it"
)

const code = "definition/FabricErrorCodes/enum/"

var differences = []difference{
	{"security", absent, "nothing", noSecurity, everyForm},

	{everyOperation + "parameter/api-version/type", "string", absent, bothVersions, whole},
	{everyOperation + "parameter/api-version/enum/6.0", listed, absent, bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/0/$ref", absent, "DocumentedApiVersion", bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/1/type", absent, "string", bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/1/pattern", absent, `^[0-9]+\.[0-9]+$`, bothVersions, whole},
	{"definition/DocumentedApiVersion/type", absent, "string", bothVersions, whole},

	{everyOperation + "parameter/api-version/enum/6.0", listed, absent, before60, only30},
	{everyOperation + "parameter/api-version/enum/3.0", absent, listed, before60, only30},
	{everyOperation + "parameter/api-version/default", "6.0", "3.0", before60, only30},
	{everyOperation + "parameter/timeout/in", "query", absent, before60, only30},
	{everyOperation + "parameter/timeout/required", "false", absent, before60, only30},
	{everyOperation + "parameter/timeout/type", "integer", absent, before60, only30},
	{everyOperation + "parameter/timeout/format", "int64", absent, before60, only30},
	{everyOperation + "parameter/timeout/minimum", "1", absent, before60, only30},
	{everyOperation + "parameter/timeout/maximum", "4294967295", absent, before60, only30},
	{everyOperation + "parameter/timeout/default", "60", absent, before60, only30},

	{"definition/ApiVersionRequiredQueryParam/type", "string", absent, noEnumName, everyForm},
	{"definition/ApiVersionRequiredQueryParam/enum/6.0", listed, absent, noEnumName, everyForm},

	{"StartQuorumLoss/parameter/QuorumLossMode/enum/QuorumLossReplicas", absent, listed, runtimeMode, whole},
	{"definition/QuorumLossMode/enum/QuorumLossReplicas", absent, listed, runtimeMode, whole},

	{"definition/FabricError/property/Error/$ref", "FabricError_Error", "FabricErrorDetail", errorName, everyForm},
	{"definition/FabricError_Error/type", "object", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/type", absent, "object", errorName, everyForm},
	{"definition/FabricError_Error/required/Code", listed, absent, errorName, everyForm},
	{"definition/FabricErrorDetail/required/Code", absent, listed, errorName, everyForm},
	{"definition/FabricError_Error/property/Message/type", "string", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/property/Message/type", absent, "string", errorName, everyForm},
	{"definition/FabricError_Error/property/Code/$ref", "FabricErrorCodes", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/property/Code/anyOf/0/$ref", absent, "FabricErrorCodes", openCodes, everyForm},
	{"definition/FabricErrorDetail/property/Code/anyOf/1/type", absent, "string", openCodes, everyForm},

	{code + "FABRIC_E_INVALID_TEST_COMMAND_STATE", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_NODE_TRANSITION_IN_PROGRESS", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_INVALID_DURATION", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_INVALID_INSTANCE_ID", absent, listed, codeOfFaults, everyForm},
	{code + "E_ACCESSDENIED", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_GATEWAY_NOT_REACHABLE", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_MESSAGE_TOO_LARGE", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_SERVICE_TOO_BUSY", absent, listed, codeOfTable, everyForm},
	{code + "E_NOTIMPL", absent, listed, codeOfTable, everyForm},

	{code + "E_FAIL", later, listed, laterCode, everyForm},
	{code + "E_INVALIDARG", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_IN_PROGRESS", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_IS_ENABLED", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_NOT_ENABLED", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_POLICY_ALREADY_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_POLICY_NOT_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_INVALID_FOR_STATELESS_SERVICES", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_INVALID_SERVICE_SCALING_POLICY", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_RESTORE_IN_PROGRESS", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_RESTORE_SOURCE_TARGET_PARTITION_MISMATCH", later, listed, laterCode, everyForm},
}
