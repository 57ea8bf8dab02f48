package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// runsOut lets the membership end on a date, and renews it, on a clock that is put forward.
func (p *story) runsOut(ctx context.Context) error {
	p.screen.title("The membership gets an end, 30 days ahead: kubectl patch ggm %s ... expirationTime", p.membership.Name)
	if err := p.setEnd(ctx, 30); err != nil {
		return err
	}
	p.screen.title("24 days pass")
	if err := p.pass(ctx, 24); err != nil {
		return err
	}
	err := p.expect(ctx, "a warning 7 days ahead: condition ExpiringSoon", func() bool { return p.hasCondition(b2b.ConditionExpiringSoon) })
	if err != nil {
		return err
	}
	p.screen.title("Another 6 days pass")
	if err := p.pass(ctx, 6); err != nil {
		return err
	}
	err = p.expect(ctx, "GuestGroupMembership "+p.membership.Name+" has expired", func() bool {
		return p.ready("GuestGroupMembership", p.membershipKey(), b2b.ReasonExpired)
	})
	if err != nil {
		return err
	}
	if slices.Contains(p.tenant.Members(p.group), p.userID) {
		return p.unmet("the guest is no longer in the group on the date")
	}
	p.screen.good("the guest is no longer in the group")
	p.screen.title("The date is moved on, as in Git")
	if err := p.setEnd(ctx, 30); err != nil {
		return err
	}
	if !slices.Contains(p.tenant.Members(p.group), p.userID) {
		return p.unmet("the guest is in the group again")
	}
	p.screen.good("the guest is in the group again")
	return nil
}

// setEnd has the membership end so many days ahead, and waits until it holds.
func (p *story) setEnd(ctx context.Context, days int) error {
	ends := metav1.NewTime(p.clock.now().Add(time.Duration(days) * day).UTC().Truncate(time.Second))
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"expirationTime":%q}}`, ends.Format(time.RFC3339)))
	if err := p.client.Patch(ctx, &p.membership, patch); err != nil {
		return fmt.Errorf("setting the end of the membership: %w", err)
	}
	return p.expect(ctx, "GuestGroupMembership "+p.membership.Name+" is Ready until "+ends.Format(time.RFC3339), func() bool {
		return p.ready("GuestGroupMembership", p.membershipKey(), b2b.ReasonGranted)
	})
}

// hasCondition tells whether a condition of the membership is True.
func (p *story) hasCondition(conditionType string) bool {
	var membership b2b.GuestGroupMembership
	return p.view.get("GuestGroupMembership", p.membershipKey(), &membership) &&
		meta.IsStatusConditionTrue(membership.Status.Conditions, conditionType)
}
