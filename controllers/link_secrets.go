package controllers

import (
	"context"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// linkSecrets reads and writes the Secrets of teams that hold redeem links, one at a time and live: the operator neither watches nor lists
// the Secrets of others. It does so without a logger, since the Kubernetes client logs what it sends and receives at high levels.
type linkSecrets struct{ client client.Client }

// get gives a Secret, nil where there is none.
func (s linkSecrets) get(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := s.client.Get(unlogged(ctx), types.NamespacedName{Namespace: namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return secret, err
}

// put stores a link in a Secret: in the one that is there, as it was read, or in a new one.
func (s linkSecrets) put(ctx context.Context, existing, wanted *corev1.Secret) error {
	if existing == nil {
		return s.client.Create(unlogged(ctx), wanted)
	}
	changed := existing.DeepCopy()
	changed.Data = wanted.Data
	for key, value := range wanted.Annotations {
		metav1.SetMetaDataAnnotation(&changed.ObjectMeta, key, value)
	}
	return s.client.Update(unlogged(ctx), changed)
}

// remove deletes a Secret as it was read.
func (s linkSecrets) remove(ctx context.Context, secret *corev1.Secret) error {
	uid, version := secret.UID, secret.ResourceVersion
	return client.IgnoreNotFound(s.client.Delete(unlogged(ctx), secret, client.Preconditions{UID: &uid, ResourceVersion: &version}))
}

func unlogged(ctx context.Context) context.Context { return logr.NewContext(ctx, logr.Discard()) }

// newLinkSecret is the Secret with a link. It goes with the invitation.
func newLinkSecret(invitation *b2b.GuestInvitation, of string, link directory.Secret) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: invitation.Namespace, Name: invitation.Spec.RedeemURLSecretRef.Name,
			Labels:      map[string]string{"app.kubernetes.io/managed-by": "entra-guest-operator"},
			Annotations: map[string]string{b2b.AttemptAnnotation: of},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: b2b.GroupVersion.String(), Kind: "GuestInvitation", Name: invitation.Name, UID: invitation.UID, Controller: new(true),
			}},
		},
		Type: b2b.SecretTypeRedeemURL,
		Data: map[string][]byte{b2b.RedeemURLKey: []byte(link.Reveal())},
	}
}

// holdsLinkFor reports whether a Secret is one that this operator made for the invitation with this uid.
func holdsLinkFor(owner types.UID, secret *corev1.Secret) bool {
	controller := metav1.GetControllerOfNoCopy(secret)
	return secret.Type == b2b.SecretTypeRedeemURL && controller != nil && controller.UID == owner
}

// withoutLink is an error's text, from which a link is taken out that somebody may have put there.
func withoutLink(err error, link directory.Secret) string {
	text := err.Error()
	if link.Reveal() != "" {
		text = strings.ReplaceAll(text, link.Reveal(), link.String())
	}
	return text
}
