# Every target works on a fresh clone with Go, git and make; "make help" lists them, the usual ones first.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules

# The linters live in a module of their own, so that nobody who imports this one resolves them.
tool     = $$(go -C tools tool -n $(1))
# go.work joins most of the modules; "work" stands for the packages of all that it joins.
MODULES := $(patsubst %/,%,$(dir $(wildcard go.mod */go.mod */*/go.mod)))
# The race detector needs a C compiler; without one the tests still run.
RACE    := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
FUZZTIME ?= 5m
FUZZ     ?= Fuzz
RUNS     ?= 200
KILLS    ?= 200
SECONDS  ?= 60
SEED     ?= 1
ARGS     ?=
VERSION  ?=
REDOCLY  := @redocly/cli@2.77.0

# Tests that need more than five seconds of two processors with the race detector.
LONG     := TestAListIsOfOneMoment TestEtcdContract TestExhaustive TestExhaustiveStart TestExhaustiveWait TestGenerate TestGenerateFails \
	TestHistory TestKill TestManyAtOnce TestNamesGoByText TestPowerLoss TestPowerLossWhileFreePagesAreListed TestReadsAreLinearizable TestStateMachine TestTruth FuzzOutput
none     :=
long     := ^($(subst $(none) $(none),|,$(strip $(LONG))))$$

USUAL    := run quick test generate check cluster bench soak ci walk release

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' -v usual='$(USUAL)' '/^[a-z-]+:.*## / { text[$$1] = sprintf("%-10s %s", $$1, $$2); if (index(" " usual " ", " " $$1 " ") == 0) rest = rest "\n" text[$$1] } \
		END { n = split(usual, name, " "); for (i = 1; i <= n; i++) if (name[i] in text) print text[name[i]]; print "----------" rest }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Show the main job: a server of its own, an operation of each kind, cancels and forces
	go run ./cmd/sfcancel demo

.PHONY: cluster
cluster: ## Start three members of etcd, three servers and a load balancer; kill some of them while cancels go on
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	go build -o "$$dir" ./cmd/sfcancel ./examples/cluster; \
	"$$dir/cluster" -sfcancel "$$dir/sfcancel" $(ARGS)

.PHONY: quick
quick: ## Run the short tests: what waits, compiles, or goes through all cases is left out or cut short
	go test -p 4 -short work

# What the tests leave out for want of something is told here: go test says it only with -v. Four packages at once on
# two processors, as most of the longest ones wait for processes and timeouts.
.PHONY: test
test: ## Run the tests, with the race detector if there is a C compiler; what "make long" runs is left out
	@$(if $(RACE),:,echo 'no C compiler: the tests run WITHOUT the race detector' >&2)
	@command -v strace >/dev/null || echo 'no strace: what is synced to disk, and when, is NOT checked' >&2
	@command -v tmux >/dev/null || echo 'no tmux: the golden screens of the command line are NOT checked' >&2
	@if [ "$$(id -u)" = 0 ]; then echo 'root may do everything: what happens without permission is NOT checked' >&2; \
	else echo 'not root: full and read-only file systems, and files of other users, are NOT checked' >&2; fi
	go test $(RACE) -p 4 -skip '$(long)' work

.PHONY: long
long: ## Run the tests that "make test" leaves out because they take long
	go test $(RACE) -run '$(long)' work | grep -v 'no test'

.PHONY: check
check: lint cross budget drift contract tidy consumer breaking ## Check code and document: lint, other systems, imports, drift, the contract, go.mod, what importing brings, breaking changes

# The package comes first: while it does not compile, after a merge say, nothing that imports it can be run or listed.
.PHONY: generate
generate: ## Make anew what comes from the document, the generated package before all
	go generate .
	go generate ./openapi/... ./internal/papers/...

.PHONY: lint
lint: ## Vet and lint all code, generated code included, and the document if npm is there
	@lint=$(call tool,golangci-lint); \
	for m in $(MODULES); do (cd $$m && export GOWORK=off && echo "lint $$m" && go vet ./... && "$$lint" run ./...); done
	@if ! command -v npx >/dev/null; then echo 'npm is not there: the document is checked by the tests alone'; exit 0; fi; \
	dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	for v in $$(go run ./openapi/view); do go run ./openapi/view $$v > "$$dir/v$$v.yaml"; done; \
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) lint \
		--config openapi/redocly.yaml openapi/faults.yaml "$$dir"/v*.yaml

.PHONY: cross
cross: ## Build and vet for Windows and macOS what can be used there
	GOOS=windows go vet work
	GOOS=darwin go build work
	GOOS=darwin go vet work

.PHONY: budget
budget: ## Check that wrapper and server import what their lists say, and nothing else
	go test -run '^TestImports$$' ./wrapper ./server

# The generator runs in a copy, so that the check changes nothing and does not mind uncommitted work.
.PHONY: drift
drift: ## Check that the generated package is what the document makes
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	mkdir "$$dir/generated"; cp -r openapi go.mod go.sum tools.go generate.go "$$dir/"; cp generated/doc.go "$$dir/generated/"; \
	(cd "$$dir" && go generate . >/dev/null); \
	diff -ru generated "$$dir/generated" || { echo 'generated/ is not what openapi/ makes: run "make generate" and commit the result' >&2; exit 1; }

.PHONY: drill
drill: ## Play the usual edits of the document on a copy, try each on the wire, and check that the table of them is current
	go run ./internal/drill docs/changing-the-document.md
	git diff --exit-code docs/changing-the-document.md

.PHONY: contract
contract: ## Check the document for faults, and against the documented API
	go run ./openapi/check
	go test ./openapi ./openapi/internal/...

.PHONY: tidy
tidy: ## Check that each go.mod and go.sum is tidy, and enough without the workspace
	@for m in $(MODULES); do (cd $$m && echo "tidy $$m" && GOWORK=off go mod tidy -diff && GOWORK=off go build -o /dev/null ./...); done

.PHONY: consumer
consumer: ## Check that importing the SDK changes no version of the importer, and brings no module that .ci/modules does not name
	.ci/consumer

.PHONY: release
release: ## Make the tags of VERSION, one a module, and try them from outside; push nothing
	.ci/release '$(VERSION)'

.PHONY: trial
trial: ## Make a release of what is committed in a copy, install and import it
	.ci/release --try

.PHONY: walk
walk: ## Walk as a new reader does: the README's first commands, then change one bound in the document, see what fails and where, undo
	go test -count=1 -run '^(TestClone|TestGet)$$' ./internal/papers -args -clone
	.ci/walk

.PHONY: breaking
breaking: ## Check the document and the Go packages for breaking changes since their last release
	$(call tool,oasdiff) breaking --fail-on ERR --severity-levels openapi/release/levels.txt openapi/release/faults.yaml openapi/faults.yaml
	.ci/api

# The race detector makes some tests leave out most of what they do, for time and memory.
.PHONY: whole
whole: ## Run without the race detector what it cuts short: every pair of faults, 10 000 calls, 10 000 connections, the judge of the soak
	go test -run '^(TestExhaustive|TestNoDials|TestTruth|TestCancelAllTenThousand)' ./wrapper
	go test -run '^TestSoakCatchesWrongWrappers$$' ./internal/soak
	.ci/abuse short

# Peers and other clients live in a module of their own. The cache of tests does not see when the program changes.
.PHONY: clients
clients: ## Run the whole family through the Azure clients, against a served process; hold allocations to their limits
	cd bench && go vet ./... && go test -count=1 ./...

# It takes hours for all: ARGS="-for 10m ./wrapper" is for some of one package.
.PHONY: mutants
mutants: ## Break comparisons, conditions and assignments one at a time, and see if a test fails; ARGS=-h for more
	cd tools && go test ./mutants
	"$(call tool,mutants)" $(ARGS)

# Five at a time, each with one worker: some are always waiting for something.
.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each, or those that FUZZ matches
	@for pkg in $$(go list work); do \
		go test -list '^$(FUZZ)' $$pkg | sed -n "s|^\(Fuzz.*\)|$$pkg \1|p"; \
	done | xargs -P 5 -I '{}' bash -c '.ci/fuzz {} $(FUZZTIME)'

.PHONY: bench
bench: ## Measure against peers, and fail if a goal is short; ARGS="-goals handler" for some, ARGS=-h for more
	cd bench && go run . $(ARGS)

# Each part on its own: truth, kills and abuse are what CI runs of it, with other numbers.
.PHONY: soak
soak: ## Soak all of it: RUNS random histories of the client, KILLS kills of a server on bolt, SECONDS of a replicated cluster in each profile, from SEED on; every abuse; the mutants of small packages
	$(MAKE) truth kills histories abuse
	$(MAKE) mutants ARGS='./internal/bucket ./internal/gateways ./internal/opdecode ./store/memory'

.PHONY: truth
truth: ## Hold RUNS random histories of the client, from SEED on, against what the server recorded
	go test -count=1 -timeout 10h -v -run '^TestSoak$$' ./internal/soak -args -runs=$(RUNS) -seed=$(SEED)

.PHONY: kills
kills: ## Kill a server on bolt, the store itself, and processes with a ledger, KILLS times under load; cut the power of one; look for what was lost
	go test -count=1 -timeout 2h -v -run '^TestKill$$' ./cmd/sfcancel -args -kills=$(KILLS) -seed=$(SEED)
	go test -count=1 -timeout 2h -v -run '^TestAcknowledgedCommitsSurviveKill$$' ./store/bolt -args -kills=$(KILLS) -seed=$(SEED)
	go test -count=1 -timeout 2h -v -run '^TestAcknowledgedEntriesSurviveKill$$' ./wrapper/ledger/journal -args -kills=$(KILLS) -seed=$(SEED)
	go test -count=1 -timeout 2h -v -run '^TestPowerLoss' ./store/bolt -args -all -seed=$(SEED)

.PHONY: histories
histories: ## Check SECONDS of a replicated cluster, in which everything dies, in each profile for linearizability
	go test -count=1 -timeout 2h -v -run '^TestHistory$$' ./examples/internal/history -args -seconds=$(SECONDS) -seed=$(SEED)

# Its times mean something on a machine that does little else. CI runs the short form, in which they have no limits.
.PHONY: abuse
abuse: ## Wear a served process down in every way: a line for each with its figures and limits; ARGS=short for a minute of it
	.ci/abuse $(ARGS)

.PHONY: ci
ci: check test long whole clients trial ## What has to pass before a change lands
	$(MAKE) truth RUNS=20000
	$(MAKE) walk
	$(MAKE) drill
	$(MAKE) cluster ARGS='-step 2s -addr 127.0.0.1:0'
	$(MAKE) fuzz FUZZTIME=1m FUZZ='Fuzz(Query|RequestLine|SeedFile|ScenarioFile|File)$$$$'
