package controllers

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// The indexes of the cache. Whatever has to be found is found by one of them: no reconcile looks through all objects of a kind.
const (
	// EntraTenants by spec.tenantID, by the name of the Secret with their credential, and those being deleted by the key deleted.
	indexTenantByTenantID = "spec.tenantID"
	indexTenantBySecret   = "spec.credential.secretRef.name" //nolint:gosec // the name of a field
	indexDeletedTenant    = "metadata.deletionTimestamp"

	// GuestPolicies by the name of their EntraTenant.
	indexPolicyByTenant = "spec.tenantRef.name"

	// Guests by the name of their EntraTenant, by status.userID, by addressKey, and by claimantKey of each object that wants one of the
	// pairs in their record.
	indexGuestByTenant       = "spec.tenantRef.name"
	indexGuestByUserID       = "status.userID"
	indexGuestByAddress      = "spec.emailAddress"
	indexGuestByPairClaimant = "record.pairs"

	// GuestInvitations by the name of their EntraTenant, and by addressKey.
	indexInvitationByTenant  = "spec.tenantRef.name"
	indexInvitationByAddress = "spec.emailAddress"

	// GuestGroupMemberships and GuestAppRoleAssignments by the name of the invitation that they name (ask within its namespace), by
	// addressKey and by the name of the EntraTenant where they name an address, and by status.userID.
	indexAccessByInvitation = "spec.guest.invitationRef.name"
	indexAccessByAddress    = "spec.guest.emailAddress"
	indexAccessByTenant     = "spec.guest.tenantRef.name"
	indexAccessByUserID     = "status.userID"

	// GuestGroupMemberships by status.groupID.
	indexMembershipByGroupID = "status.groupID"
)

// deleted is the only key of indexDeletedTenant.
const deleted = "true"

// addressKey is a person in a tenant, however the address is written.
func addressKey(tenantName, emailAddress string) string {
	return tenantName + "/" + b2b.NormalizeEmailAddress(emailAddress)
}

// claimantKey is an object that wants one of the pairs of a Guest, under whatever uid.
func claimantKey(kind b2b.ClaimKind, namespace, name string) string {
	return string(kind) + "/" + namespace + "/" + name
}

// keys says under which keys an object is found; none where all are empty.
func keys(all ...string) (some []string) {
	for _, key := range all {
		if key != "" {
			some = append(some, key)
		}
	}
	return some
}

// index is one field index of the cache.
type index struct {
	object client.Object
	name   string
	keys   client.IndexerFunc
}

// on makes an index of a typed function.
func on[T client.Object](object T, name string, keys func(T) []string) index {
	return index{object: object, name: name, keys: func(o client.Object) []string { return keys(o.(T)) }}
}

// indexes lists every index.
func indexes() []index {
	return slices.Concat(tenantIndexes(), guestIndexes(), membershipIndexes(), assignmentIndexes())
}

func tenantIndexes() []index {
	return []index{
		on(&b2b.EntraTenant{}, indexTenantByTenantID, func(t *b2b.EntraTenant) []string { return keys(t.Spec.TenantID) }),
		on(&b2b.EntraTenant{}, indexTenantBySecret, func(t *b2b.EntraTenant) []string {
			if t.Spec.Credential.ClientSecret == nil {
				return nil
			}
			return keys(t.Spec.Credential.ClientSecret.SecretRef.Name)
		}),
		on(&b2b.EntraTenant{}, indexDeletedTenant, func(t *b2b.EntraTenant) []string {
			if t.DeletionTimestamp == nil {
				return nil
			}
			return keys(deleted)
		}),
		on(&b2b.GuestPolicy{}, indexPolicyByTenant, func(p *b2b.GuestPolicy) []string { return keys(p.Spec.TenantRef.Name) }),
	}
}

func guestIndexes() []index {
	return []index{
		on(&b2b.Guest{}, indexGuestByTenant, func(g *b2b.Guest) []string { return keys(g.Spec.TenantRef.Name) }),
		on(&b2b.Guest{}, indexGuestByAddress, func(g *b2b.Guest) []string {
			return keys(addressKey(g.Spec.TenantRef.Name, g.Spec.EmailAddress))
		}),
		on(&b2b.Guest{}, indexGuestByUserID, func(g *b2b.Guest) []string { return keys(g.Status.UserID) }),
		on(&b2b.Guest{}, indexGuestByPairClaimant, func(g *b2b.Guest) (claimants []string) {
			rec, err := readRecord(g)
			if err != nil {
				return nil
			}
			for _, pair := range rec.Pairs {
				for _, claimant := range pair.Claimants {
					claimants = append(claimants, claimantKey(pair.claimKind(), claimant.Namespace, claimant.Name))
				}
			}
			return claimants
		}),
		on(&b2b.GuestInvitation{}, indexInvitationByTenant, func(i *b2b.GuestInvitation) []string { return keys(i.Spec.TenantRef.Name) }),
		on(&b2b.GuestInvitation{}, indexInvitationByAddress, func(i *b2b.GuestInvitation) []string {
			return keys(addressKey(i.Spec.TenantRef.Name, i.Spec.EmailAddress))
		}),
	}
}

func membershipIndexes() []index {
	type membership = *b2b.GuestGroupMembership
	kind := &b2b.GuestGroupMembership{}
	return append(accessIndexes(kind, func(m membership) string { return m.Status.UserID }),
		on(kind, indexMembershipByGroupID, func(m membership) []string { return keys(m.Status.GroupID) }),
	)
}

func assignmentIndexes() []index {
	return accessIndexes(&b2b.GuestAppRoleAssignment{}, func(a *b2b.GuestAppRoleAssignment) string { return a.Status.UserID })
}

// accessIndexes are those that the kinds have in common which ask for something for a guest.
func accessIndexes[T accessObject](kind T, userID func(T) string) []index {
	return []index{
		on(kind, indexAccessByInvitation, func(object T) []string {
			if ref := termsOf(object).guest.InvitationRef; ref != nil {
				return keys(ref.Name)
			}
			return nil
		}),
		on(kind, indexAccessByAddress, func(object T) []string {
			guest := termsOf(object).guest
			if guest.EmailAddress == "" {
				return nil
			}
			return keys(addressKey(guest.TenantName(), guest.EmailAddress))
		}),
		on(kind, indexAccessByTenant, func(object T) []string {
			guest := termsOf(object).guest
			if guest.EmailAddress == "" {
				return nil
			}
			return keys(guest.TenantName())
		}),
		on(kind, indexAccessByUserID, func(object T) []string { return keys(userID(object)) }),
	}
}

// registerIndexes tells the cache about all of them.
func registerIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for _, index := range indexes() {
		if err := indexer.IndexField(ctx, index.object, index.name, index.keys); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", index.object, index.name, err)
		}
	}
	return nil
}
