# What a contributor runs. Nothing but Go, make and git is needed, save where a target says otherwise.
# Tools are pinned in hack/tools and built into bin/ when first needed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.NOTPARALLEL:

IMAGE ?= ghcr.io/entraguests/entra-guest-operator
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
IMG ?= $(IMAGE):$(VERSION)
CONTAINER_TOOL ?= docker
KUBECTL ?= kubectl

# Each test package may run a control plane of its own: as many at once as two cores bear.
TEST_PACKAGES ?= ./...
TEST_FLAGS ?=
TEST_AT_ONCE ?= 2
TEST_TIMEOUT ?= 30m
BENCH ?= .

# Sizes and rows of the load test: small or full, and names from `go run ./hack/loadtest --help`, all by default.
PROFILE ?= small
ROWS ?=

# Evaluated only by the targets that use it: the first time it builds kube-apiserver and etcd.
WITH_ASSETS = echo "Making sure of a control plane; the first time takes several minutes" >&2; \
	assets=$$(go run ./hack/controlplane) && KUBEBUILDER_ASSETS=$$assets

MODULES := . hack/tools hack/tools/etcd hack/tools/kubernetes
GENERATED := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml dist/install.yaml docs/reference/api.md
TOOLS_PIN := hack/tools/go.mod hack/tools/go.sum

##@ General

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: clean
clean: ## Remove everything that was built, the control plane and the tools included
	rm -rf bin

##@ Run

.PHONY: demo
demo: ## Invite a guest and see the whole life of the invitation, against a simulated tenant
	@echo "Compiling the demo; the first time takes a few minutes"
	@go run ./hack/demo

.PHONY: dev
dev: ## As demo, but stay up: prints the KUBECONFIG to use and the address of the mailbox
	@echo "Compiling the demo; the first time takes a few minutes"
	@go run ./hack/demo --stay

.PHONY: run
run: ## Run the manager against the cluster of the current context
	go run .

##@ Build

.PHONY: build
build: ## Build the manager into bin/manager
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/manager .

.PHONY: docker-build
docker-build: ## Build the image IMG (needs Docker, or another CONTAINER_TOOL)
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) -t $(IMG) .

.PHONY: build-installer
build-installer: bin/kustomize ## Write the installation in one file, dist/install.yaml
	mkdir -p dist
	bin/kustomize build config/default > dist/install.yaml.new
	mv dist/install.yaml.new dist/install.yaml

##@ Test

.PHONY: test
test: ## Run all tests, against a real API server and a simulated tenant
	@$(WITH_ASSETS) go test -timeout $(TEST_TIMEOUT) -p $(TEST_AT_ONCE) $(TEST_FLAGS) $(TEST_PACKAGES)

.PHONY: test-race
test-race: TEST_FLAGS += -race
test-race: test ## Run all tests with the race detector (needs a C compiler)

.PHONY: bench
bench: ## Measure the operator under load, PROFILE small or full, and hold the figures against hack/loadtest/ranges.yaml
	@echo "Compiling the load test; the first time takes a few minutes"
	@go run ./hack/loadtest -profile $(PROFILE) -run '$(ROWS)'

.PHONY: bench-packages
bench-packages: ## Run the benchmarks of single functions, or those that match BENCH
	@$(WITH_ASSETS) go test -timeout $(TEST_TIMEOUT) -p 1 -run '^$$' -bench '$(BENCH)' -benchmem $(TEST_PACKAGES)

##@ Code

.PHONY: generate
generate: bin/controller-gen ## Write the DeepCopy methods of the API
	bin/controller-gen object paths=./api/...

.PHONY: manifests
manifests: bin/controller-gen ## Write the CRDs, their reference and the manager's ClusterRole
	bin/controller-gen crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	bin/controller-gen rbac:roleName=entra-guest-operator paths=./controllers/... output:rbac:artifacts:config=config/rbac
	go run ./hack/apidocs

.PHONY: fmt
fmt: ## Format the code
	go fmt ./...

.PHONY: vet
vet: ## Run go vet
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## Run the linters
	bin/golangci-lint run

.PHONY: lint-fix
lint-fix: bin/golangci-lint ## Run the linters and repair what they can repair
	bin/golangci-lint run --fix

.PHONY: verify
verify: generate manifests build-installer verify-generated verify-format verify-modules vet lint ## Check that generated files are current, modules tidy and the linters content

.PHONY: verify-generated
verify-generated:
	@git diff --exit-code -- $(GENERATED) || \
		{ echo "Generated files are out of date: run make generate manifests build-installer and commit the result." >&2; exit 1; }
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); test -z "$$new" || \
		{ echo "Generated files are not committed:" >&2; echo "$$new" >&2; exit 1; }

.PHONY: verify-format
verify-format:
	@bad=$$(gofmt -l .); test -z "$$bad" || \
		{ echo "Not formatted, run make fmt:" >&2; echo "$$bad" >&2; exit 1; }

.PHONY: verify-modules
verify-modules:
	@for module in $(MODULES); do echo "go mod tidy -diff in $$module"; go -C $$module mod tidy -diff; done

##@ Install (the cluster of the current context; needs kubectl)

.PHONY: install
install: bin/kustomize ## Install the CRDs
	bin/kustomize build config/crd | $(KUBECTL) apply --server-side -f -

.PHONY: uninstall
uninstall: bin/kustomize no-objects ## Remove the CRDs; refused while there are objects of them
	bin/kustomize build config/crd | $(KUBECTL) delete --ignore-not-found -f -

.PHONY: deploy
deploy: bin/kustomize ## Install the CRDs and the operator, from the image IMG
	mkdir -p bin/deploy
	printf 'resources:\n- ../../config/default\n' > bin/deploy/kustomization.yaml
	cd bin/deploy && ../kustomize edit set image $(IMAGE)=$(IMG)
	bin/kustomize build bin/deploy | $(KUBECTL) apply --server-side -f -

.PHONY: undeploy
undeploy: bin/kustomize no-objects ## Remove the operator and the CRDs; refused while there are objects of them
	bin/kustomize build config/default | $(KUBECTL) delete --ignore-not-found -f -

# Without the operator nobody could release what the objects stand for, and their finalizers would hold the CRDs.
.PHONY: no-objects
no-objects:
	@left=$$($(KUBECTL) get entraguests --all-namespaces --ignore-not-found -o name 2>/dev/null || true); test -z "$$left" || \
		{ echo "These objects still exist. Delete them while the operator runs, so that it can release them:" >&2; \
		echo "$$left" >&2; exit 1; }

# Tools

pinned = $(shell go list -C hack/tools -m -f '{{.Version}}' $(1))

bin/controller-gen: $(TOOLS_PIN)
	CGO_ENABLED=0 go build -C hack/tools -trimpath -o ../../$@ \
		-ldflags "-X sigs.k8s.io/controller-tools/pkg/version.version=$(call pinned,sigs.k8s.io/controller-tools)" \
		sigs.k8s.io/controller-tools/cmd/controller-gen

bin/kustomize: $(TOOLS_PIN)
	CGO_ENABLED=0 go build -C hack/tools -trimpath -o ../../$@ sigs.k8s.io/kustomize/kustomize/v5

bin/golangci-lint: $(TOOLS_PIN) $(wildcard hack/tools/golangci-lint/*.go)
	@echo "Building the linters from source (some minutes, once)"
	CGO_ENABLED=0 go build -C hack/tools -trimpath -o ../../$@ ./golangci-lint
