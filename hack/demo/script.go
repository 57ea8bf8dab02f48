package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/graphsim"
)

// story is the piece: who is invited, into which group, and what the tenant was like before.
type story struct {
	*stage
	tenantObject b2b.EntraTenant
	invitation   b2b.GuestInvitation
	membership   b2b.GuestGroupMembership
	guestName    string

	before []graphsim.User // who was in the tenant
	userID string          // the guest, once invited
	group  string          // the group's id, once the guest is in it
}

// perform plays the whole life of an invitation and checks it step by step.
func perform(ctx context.Context, s *stage) error {
	p := &story{stage: s, before: s.tenant.Users()}
	began := time.Now()
	for _, act := range []func(context.Context) error{p.ask, p.invited, p.joined, p.isReminded, p.accepts, p.expires, p.leaves, p.ends, p.settles} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	s.screen.freeze()
	s.screen.title("Everything went as announced, in %s", time.Since(began).Round(time.Second))
	return nil
}

// ask applies the samples.
func (p *story) ask(ctx context.Context) error {
	p.screen.title("A tenant is connected, a policy allows, a team asks: kubectl apply -k config/samples")
	objects, err := p.applySamples(ctx)
	if err != nil {
		return err
	}
	if err := p.cast(objects); err != nil {
		return err
	}
	return p.expect(ctx, "the tenant is connected", func() bool {
		return p.ready("EntraTenant", p.tenantObject.Name, b2b.ReasonConnected)
	})
}

// cast finds the parts that the script plays with among the samples.
func (p *story) cast(objects []*unstructured.Unstructured) error {
	parts := map[string]any{"EntraTenant": &p.tenantObject, "GuestInvitation": &p.invitation, "GuestGroupMembership": &p.membership}
	for _, object := range objects {
		part, wanted := parts[object.GetKind()]
		if !wanted {
			continue
		}
		delete(parts, object.GetKind())
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, part); err != nil {
			return fmt.Errorf("reading %s: %w", nameOf(object), err)
		}
	}
	for missing := range parts {
		return fmt.Errorf("config/samples has no %s", missing)
	}
	p.guestName = b2b.GuestName(p.tenantObject.Name, p.tenantObject.Spec.TenantID, p.invitation.Spec.EmailAddress)
	return nil
}

func (p *story) invited(ctx context.Context) error {
	address := p.invitation.Spec.EmailAddress
	p.screen.title("The operator invites %s", address)
	err := p.expect(ctx, "the invitation is out: "+"GuestInvitation "+p.invitation.Name+" is Ready", func() bool {
		return p.ready("GuestInvitation", p.invitationKey(), b2b.ReasonInvited)
	})
	if err != nil {
		return err
	}
	user, found := p.tenant.UserByAddress(address)
	mails := p.tenant.Mailbox(address)
	if !found || len(mails) != 1 {
		return p.unmet(fmt.Sprintf("the tenant has one guest with this address (%t) and sent one mail (%d)", found, len(mails)))
	}
	p.userID = user.ID
	p.screen.say("Mail to      %s", mails[0].To)
	p.screen.say("Subject      %s", mails[0].Subject)
	p.screen.say("Leads to     %s", mails[0].RedirectURL)
	p.screen.say("The link is in the mailbox only: %s/mailbox", p.url)
	p.screen.good("one mail was sent, and the tenant has the guest " + user.UserPrincipalName)
	return nil
}

func (p *story) joined(ctx context.Context) error {
	p.screen.title("The guest joins %s", groupName(p.membership.Spec.Group))
	err := p.expect(ctx, "GuestGroupMembership "+p.membership.Name+" is Ready", func() bool {
		return p.ready("GuestGroupMembership", p.membershipKey(), b2b.ReasonGranted)
	})
	if err != nil {
		return err
	}
	var membership b2b.GuestGroupMembership
	p.view.get("GuestGroupMembership", p.membershipKey(), &membership)
	p.group = membership.Status.GroupID
	if !slices.Contains(p.tenant.Members(p.group), p.userID) {
		return p.unmet("the tenant lists the guest among the members of the group")
	}
	for _, id := range p.tenant.Members(p.group) {
		member, _ := p.tenant.User(id)
		p.screen.say("Member       %s (%s, %s)", member.DisplayName, member.Mail, member.ExternalUserState)
	}
	p.screen.good("the tenant lists the guest among the members")
	return nil
}

// isReminded lets the time pass after which a guest who has not accepted is reminded.
func (p *story) isReminded(ctx context.Context) error {
	err := p.expect(ctx, "the tenant says that the guest has not accepted yet: State is PendingAcceptance", func() bool {
		return p.state() == b2b.ExternalUserStatePendingAcceptance
	})
	if err != nil {
		return err
	}
	days, address := int(p.invitation.Spec.Reminders.AfterDays), p.invitation.Spec.EmailAddress
	p.screen.title("%d days later nobody has accepted", days)
	if err := p.later(ctx, days); err != nil {
		return err
	}
	err = p.expect(ctx, "a reminder is out", func() bool { return len(p.tenant.Mailbox(address)) == 2 })
	if err != nil {
		return err
	}
	p.screen.say("Mail to      %s", address)
	p.screen.say("Subject      %s", p.tenant.Mailbox(address)[1].Subject)
	return nil
}

// accepts presses the button in the mail, as a browser would.
func (p *story) accepts(ctx context.Context) error {
	p.screen.title("The guest reads the mail and accepts")
	mails := p.tenant.Mailbox(p.invitation.Spec.EmailAddress)
	if err := p.click(ctx, mails[len(mails)-1]); err != nil {
		return err
	}
	p.screen.say("The link in the mail was opened and Accept pressed")
	p.screen.say("The operator lists the tenant every %d seconds, and asks for no guest in particular", observationSeconds)
	return p.expect(ctx, "the redemption is seen: State is Accepted", func() bool {
		return p.state() == b2b.ExternalUserStateAccepted &&
			p.ready("GuestInvitation", p.invitationKey(), b2b.ReasonAccepted) &&
			p.ready("Guest", p.guestName, b2b.ReasonAccepted)
	})
}

func (p *story) click(ctx context.Context, mail graphsim.Mail) error {
	form := url.Values{"ticket": {mail.Ticket}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/redeem", strings.NewReader(form))
	if err != nil {
		return fmt.Errorf("redeeming the invitation: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("redeeming the invitation: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return p.unmet(fmt.Sprintf("the link in the mail can be redeemed (the page answered %s)", response.Status))
	}
	return nil
}

// lifetime of the membership, in days, and how long before its end that is announced.
const lifetime, noticeDays = 30, 7

// expires gives the membership an end and lets it come.
func (p *story) expires(ctx context.Context) error {
	ends := metav1.NewTime(p.clock.Now().Add(lifetime * day).UTC().Truncate(time.Second))
	p.screen.title("The membership is given an end: expirationTime %s", ends.Format(time.RFC3339))
	before := p.membership.DeepCopy()
	p.membership.Spec.ExpirationTime = &ends
	if err := p.client.Patch(ctx, &p.membership, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("giving the membership an end: %w", err)
	}
	if err := p.later(ctx, lifetime-noticeDays+1); err != nil {
		return err
	}
	err := p.expect(ctx, "its end is announced, and the guest is in the group still: ExpiringSoon is True", func() bool {
		return p.says("GuestGroupMembership", p.membershipKey(), b2b.ConditionExpiringSoon) &&
			slices.Contains(p.tenant.Members(p.group), p.userID)
	})
	if err != nil {
		return err
	}
	if err := p.later(ctx, noticeDays); err != nil {
		return err
	}
	return p.expect(ctx, "it has run out, and the guest has left the group: Ready is True, Expired", func() bool {
		return p.ready("GuestGroupMembership", p.membershipKey(), b2b.ReasonExpired) &&
			!slices.Contains(p.tenant.Members(p.group), p.userID)
	})
}

func (p *story) leaves(ctx context.Context) error {
	p.screen.title("The membership is deleted: kubectl delete ggm %s", p.membership.Name)
	if err := p.client.Delete(ctx, &p.membership); err != nil {
		return fmt.Errorf("deleting the membership: %w", err)
	}
	err := p.expect(ctx, "the object is gone", func() bool { return !p.view.get("GuestGroupMembership", p.membershipKey(), &struct{}{}) })
	if err != nil {
		return err
	}
	if slices.Contains(p.tenant.Members(p.group), p.userID) {
		return p.unmet("the guest is no longer in the group once the membership is gone")
	}
	p.screen.good("the guest is no longer in the group")
	return nil
}

func (p *story) ends(ctx context.Context) error {
	p.screen.title("The invitation is deleted: kubectl delete gi %s", p.invitation.Name)
	if err := p.client.Delete(ctx, &p.invitation); err != nil {
		return fmt.Errorf("deleting the invitation: %w", err)
	}
	err := p.expect(ctx, "the guest is released: nobody asks for them any more", func() bool {
		var guest b2b.Guest
		return p.view.get("Guest", p.guestName, &guest) && guest.Status.State == b2b.GuestStateReleased
	})
	if err != nil {
		return err
	}
	_, there := p.tenant.User(p.userID)
	_, deleted := p.tenant.DeletedUser(p.userID)
	if there || !deleted {
		return p.unmet("the guest's user is among the deleted users of the tenant")
	}
	p.screen.good("the user is gone from the tenant, and can be restored there for 30 days")
	return nil
}

func (p *story) invitationKey() string { return key(p.invitation.Namespace, p.invitation.Name) }
func (p *story) membershipKey() string { return key(p.membership.Namespace, p.membership.Name) }

// state is what the invitation says of the guest.
func (p *story) state() b2b.ExternalUserState {
	var invitation b2b.GuestInvitation
	if !p.view.get("GuestInvitation", p.invitationKey(), &invitation) {
		return ""
	}
	return invitation.Status.ExternalUserState
}

// ready tells whether an object is Ready for a reason, by a status that speaks of its present spec.
func (p *story) ready(kind, key, reason string) bool {
	ready := p.condition(kind, key, b2b.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.Reason == reason
}

// says tells whether a condition is True, by a status that speaks of the object's present spec.
func (p *story) says(kind, key, conditionType string) bool {
	condition := p.condition(kind, key, conditionType)
	return condition != nil && condition.Status == metav1.ConditionTrue
}

// condition gives a condition of an object, nil where it has none that speaks of its present spec.
func (p *story) condition(kind, key, conditionType string) *metav1.Condition {
	var object struct {
		Metadata struct{ Generation int64 }
		Status   struct{ Conditions []metav1.Condition }
	}
	if !p.view.get(kind, key, &object) {
		return nil
	}
	condition := meta.FindStatusCondition(object.Status.Conditions, conditionType)
	if condition == nil || condition.ObservedGeneration != object.Metadata.Generation {
		return nil
	}
	return condition
}

func groupName(group b2b.GroupReference) string {
	if group.DisplayName != "" {
		return group.DisplayName
	}
	return group.ID
}
