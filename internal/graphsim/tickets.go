package graphsim

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ticket is the right to redeem one invitation: what an invitation's link carries.
type ticket struct {
	value        string
	invitationID string
	userID       string
	redirectURL  string
	address      string
}

func (t *Tenant) newTicket(in *invitation) *ticket {
	return &ticket{
		value: t.ids.ticket(), invitationID: t.ids.guid(),
		redirectURL: in.InviteRedirectURL, address: strings.ToLower(in.InvitedUserEmailAddress),
	}
}

// issue makes the ticket the guest's, and the only one that is good.
func (t *Tenant) issue(inv *ticket, guest *user) {
	if old := guest.ticket; old != nil && !t.behaviour.KeepTickets {
		delete(t.tickets, old.value)
	}
	inv.userID, guest.ticket = guest.ID, inv
	t.tickets[inv.value] = inv
}

// redeemURL is the link in the form that the service gives it: encoded once more
// at each of its two levels, in lower-case hex.
func (t *Tenant) redeemURL(inv *ticket) string {
	inner := "https://invitations.microsoft.com/redeem/?tenant=" + t.options.TenantID + "&user=" + inv.invitationID +
		"&ticket=" + lowerEscape(lowerEscape(inv.value)) + "&ver=2.0"
	return "https://login.microsoftonline.com/redeem?rd=" + lowerEscape(inner)
}

// lowerEscape escapes as the service does; Go writes upper-case hex.
func lowerEscape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isWordByte(c) && c != '$' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// ErrNotRedeemable is why a redemption fails.
var ErrNotRedeemable = errors.New("the invitation cannot be redeemed")

// findTicket takes a ticket, a whole redeem link, or the address or id of a guest,
// for whom it finds the last invitation that was sent.
func (t *Tenant) findTicket(name string) (*ticket, error) {
	for range 6 { // a link is decoded, cut, and decoded twice more
		if inv := t.tickets[name]; inv != nil {
			return inv, nil
		}
		if _, rest, isLink := strings.Cut(name, "ticket="); isLink {
			name, _, _ = strings.Cut(rest, "&")
			continue
		}
		decoded, err := url.PathUnescape(name)
		if err != nil {
			break
		}
		name = decoded
	}
	if u := t.holder(strings.ToLower(name)); u != nil && u.ticket != nil {
		return u.ticket, nil
	}
	if u := t.users.byID[strings.ToLower(name)]; u != nil && u.ticket != nil {
		return u.ticket, nil
	}
	return nil, fmt.Errorf("%w: no such invitation, or a later one has taken its place", ErrNotRedeemable)
}
