package controllers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graph"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// Simulator is where a simulated tenant stands in for Microsoft's clouds. Both are loopback URLs, or empty.
type Simulator struct{ Endpoint, AuthorityHost string }

// readsCredentials is false where a static token is sent, so that no credential is needed.
func (s Simulator) readsCredentials() bool {
	return s.AuthorityHost != "" || !strings.HasPrefix(s.Endpoint, "http://")
}

// credential reads how the operator signs in. The fingerprint differs whenever another client is needed; it lets nobody
// find out what it was made of, and is kept in memory only. The verdict says why there is no credential.
func (r *tenantReconciler) credential(ctx context.Context, tenant *b2b.EntraTenant) (graph.Credential, string, *lifecycle.Verdict, error) {
	site := fmt.Sprintf("%s %s", tenant.Spec.TenantID, tenant.Spec.Cloud)
	if !r.simulator.readsCredentials() {
		return graph.Credential{}, site, nil, nil
	}
	if identity := tenant.Spec.Credential.WorkloadIdentity; identity != nil {
		return graph.WorkloadIdentity(identity.ClientID), fmt.Sprintf("%s workload identity %s", site, identity.ClientID), nil, nil
	}
	own := tenant.Spec.Credential.ClientSecret
	if own == nil { // refused by the API
		return graph.Credential{}, "", credentialMissing("the EntraTenant names no credential"), nil
	}
	secret, verdict, err := r.secretValue(ctx, own.SecretRef)
	if verdict != nil || err != nil {
		return graph.Credential{}, "", verdict, err
	}
	sum := sha256.Sum256([]byte(secret))
	fingerprint := fmt.Sprintf("%s client secret %s %s", site, own.ClientID, hex.EncodeToString(sum[:]))
	return graph.ClientSecret(own.ClientID, secret), fingerprint, nil, nil
}

// secretValue reads one key of a Secret in the operator's namespace. A line end that an editor or echo left there is no part of it.
func (r *tenantReconciler) secretValue(ctx context.Context, ref b2b.SecretKeyReference) (string, *lifecycle.Verdict, error) {
	where := fmt.Sprintf("Secret %s in namespace %s", ref.Name, r.OperatorNamespace)
	secret := &corev1.Secret{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: r.OperatorNamespace, Name: ref.Name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return "", credentialMissing(where + " does not exist"), nil
	case err != nil:
		return "", nil, fmt.Errorf("reading %s: %w", where, err)
	}
	value := strings.TrimRight(string(secret.Data[ref.Key]), "\r\n")
	if value == "" {
		return "", credentialMissing(fmt.Sprintf("%s has nothing under the key %q", where, ref.Key)), nil
	}
	return value, nil, nil
}

// credentialMissing waits for the Secret, whose coming wakes the EntraTenant.
func credentialMissing(message string) *lifecycle.Verdict {
	verdict := lifecycle.Wait(b2b.ReasonCredentialInvalid, message, 0)
	return &verdict
}
