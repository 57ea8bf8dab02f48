package graphsim

import (
	"errors"
	"fmt"
	"strings"
)

// Population is a number of guests who are in the tenant before anybody counts.
type Population struct {
	// Guests is how many.
	Guests int `json:"guests"`
	// Address makes the address of each from its number by the one %d in it;
	// guest%d@partner.example by default.
	Address string `json:"address,omitempty"`
	// First is the number of the first.
	First int `json:"first,omitempty"`
	// Pending leaves them with an invitation that they have not accepted. No mail is
	// sent.
	Pending bool `json:"pending,omitempty"`
	// Groups are the ids of the groups that all of them are members of.
	Groups []string `json:"groups,omitempty"`
}

// Populate adds the guests, as an administrator, and returns their ids in order.
func (t *Tenant) Populate(p Population) ([]string, error) {
	pattern := orElse(p.Address, "guest%d@partner.example")
	if strings.Count(pattern, "%") != 1 || !strings.Contains(pattern, "%d") {
		return nil, errors.New("the address must hold %d once, and no other %")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	groups := make([]*group, 0, len(p.Groups))
	for _, id := range p.Groups {
		g := t.groupByID[strings.ToLower(id)]
		if g == nil {
			return nil, absent("group", id)
		}
		groups = append(groups, g)
	}
	ids := make([]string, 0, p.Guests)
	for n := p.First; n < p.First+p.Guests; n++ {
		guest := t.addGuestAsAdmin(fmt.Sprintf(pattern, n), "")
		if p.Pending {
			t.leavePending(guest)
		}
		for _, g := range groups {
			t.join(g, guest.ID, ByAdmin)
		}
		ids = append(ids, guest.ID)
	}
	return ids, nil
}

// leavePending takes back what acceptance has brought, and leaves an invitation.
func (t *Tenant) leavePending(guest *user) {
	guest.ExternalUserState = "PendingAcceptance"
	guest.Identities = guest.Identities[:1]
	t.issue(t.newTicket(&invitation{InvitedUserEmailAddress: guest.Mail, InviteRedirectURL: "https://myapplications.microsoft.com/"}), guest)
}

// RedeemAll lets many guests accept at once, named as in Redeem, and tells what went
// wrong with those who could not.
func (t *Tenant) RedeemAll(names []string) map[string]error {
	failed := map[string]error{}
	for _, name := range names {
		if _, err := t.Redeem(name); err != nil {
			failed[name] = err
		}
	}
	return failed
}
