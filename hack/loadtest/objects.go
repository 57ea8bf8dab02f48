package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

const tenantName = "default"

// creators is how many objects are created at a time. It is more than the operator can follow on the machines that this runs on.
const creators = 8

func entraTenant(interval time.Duration) *b2b.EntraTenant {
	return &b2b.EntraTenant{
		ObjectMeta: metav1.ObjectMeta{Name: tenantName},
		Spec: b2b.EntraTenantSpec{
			TenantID: graphsim.DefaultTenantID,
			Credential: b2b.Credential{WorkloadIdentity: &b2b.WorkloadIdentityCredential{
				ClientID: "22222222-3333-4444-5555-666666666666", // the simulated tenant takes any caller
			}},
			Observation: b2b.Observation{IntervalSeconds: int32(interval.Seconds())},
		},
	}
}

func guestPolicy(groups []string) *b2b.GuestPolicy {
	policy := &b2b.GuestPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "everybody"},
		Spec: b2b.GuestPolicySpec{
			TenantRef:         b2b.TenantReference{Name: tenantName},
			NamespaceSelector: &metav1.LabelSelector{},
			Invitations:       &b2b.InvitationGrant{AllowedDomains: []b2b.DomainPattern{"*"}},
		},
	}
	for _, id := range groups {
		policy.Spec.Groups = append(policy.Spec.Groups, b2b.GroupReference{ID: id})
	}
	return policy
}

// guestName and guestAddress name the guest with a number.
func guestName(i int) string    { return fmt.Sprintf("guest-%06d", i) }
func guestAddress(i int) string { return guestName(i) + "@partner.example" }

func invitation(namespace string, i int) *b2b.GuestInvitation {
	return &b2b.GuestInvitation{
		ObjectMeta: metav1.ObjectMeta{Name: guestName(i), Namespace: namespace},
		Spec: b2b.GuestInvitationSpec{
			TenantRef:    b2b.TenantReference{Name: tenantName},
			EmailAddress: guestAddress(i),
			DisplayName:  fmt.Sprintf("Guest %d", i),
		},
	}
}

func membership(namespace string, i, group int, groupID string) *b2b.GuestGroupMembership {
	return &b2b.GuestGroupMembership{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-in-%d", guestName(i), group), Namespace: namespace},
		Spec: b2b.GuestGroupMembershipSpec{
			Guest: b2b.MembershipGuest{InvitationRef: &b2b.InvitationReference{Name: guestName(i)}},
			Group: b2b.GroupReference{ID: groupID},
		},
	}
}

// create creates, for each guest from the first number to the one before the last, an invitation and a membership in each of the
// groups, as somebody does who applies a folder of manifests.
func (w *world) create(ctx context.Context, from, to int, groups []string) error {
	return each(ctx, creators, from, to, func(ctx context.Context, i int) error {
		objects := make([]client.Object, 0, 1+len(groups))
		objects = append(objects, invitation(loadNamespace, i))
		for number, id := range groups {
			objects = append(objects, membership(loadNamespace, i, number, id))
		}
		for _, object := range objects {
			if err := w.client.Create(ctx, object); err != nil {
				return fmt.Errorf("creating %s: %w", object.GetName(), err)
			}
		}
		return nil
	})
}

// each does something for the numbers from first to last-1, some at a time.
func each(ctx context.Context, atOnce, first, last int, do func(ctx context.Context, i int) error) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := first; i < last && within.Err() == nil; i++ {
		group.Go(func() error { return do(within, i) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
