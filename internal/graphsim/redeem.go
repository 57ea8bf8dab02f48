package graphsim

import (
	"fmt"
	"slices"
	"strings"
)

// Home is what the guest's own organisation knows about them. Redemption brings it
// into the tenant.
type Home struct {
	DisplayName string `json:"displayName,omitempty"`
	GivenName   string `json:"givenName,omitempty"`
	Surname     string `json:"surname,omitempty"`
	// Addresses join otherMails and proxyAddresses.
	Addresses []string `json:"addresses,omitempty"`
	// Issuer is the identity provider: ExternalAzureAD, MicrosoftAccount,
	// google.com, mail (one-time passcode), or the URI of a federated one. The
	// default depends on the domain.
	Issuer string `json:"issuer,omitempty"`
}

// SetHome says what the home organisation of an address knows.
func (t *Tenant) SetHome(address string, home Home) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.homes[strings.ToLower(address)] = home
}

// Redeem accepts an invitation as the guest would, named by its ticket, its link,
// the invited address, or the guest's id. It returns where the guest lands.
func (t *Tenant) Redeem(ticketOrAddress string) (redirectURL string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle()
	inv, err := t.findTicket(ticketOrAddress)
	if err != nil {
		return "", err
	}
	u := t.users.byID[inv.userID]
	switch {
	case u == nil || u.deleted:
		return "", fmt.Errorf("%w: the user no longer exists", ErrNotRedeemable)
	case u.Disabled:
		return "", fmt.Errorf("%w: the account is blocked", ErrNotRedeemable)
	case u.ExternalUserState == "Accepted":
		return inv.redirectURL, nil
	case t.blockedAtRedemption(inv.address):
		return "", fmt.Errorf("%w: cross-tenant access settings block it", ErrNotRedeemable)
	}
	home := t.homeOf(inv.address)
	t.changeUser(u, func(u *User) { t.accept(u, home) })
	t.recordState(u.ID, "redeemed", ByGuest)
	return inv.redirectURL, nil
}

func (t *Tenant) blockedAtRedemption(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(t.behaviour.BlockedDomains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// accept changes what redemption changes: the state, the identities, the names and
// the addresses. Id, user principal name, groups and user type stay.
func (t *Tenant) accept(u *User, home Home) {
	u.ExternalUserState, u.ExternalUserStateChangeDateTime = "Accepted", t.stamp()
	u.Identities = append(slices.Clone(u.Identities), Identity{SignInType: "federated", Issuer: home.Issuer})
	u.DisplayName = orElse(home.DisplayName, u.DisplayName)
	u.GivenName = orElse(home.GivenName, u.GivenName)
	u.Surname = orElse(home.Surname, u.Surname)
	for _, address := range home.Addresses {
		if !slices.Contains(u.OtherMails, address) {
			u.OtherMails = append(slices.Clone(u.OtherMails), address)
		}
		if proxy := "smtp:" + address; !slices.ContainsFunc(u.ProxyAddresses, func(p string) bool { return strings.EqualFold(p, proxy) }) {
			u.ProxyAddresses = append(slices.Clone(u.ProxyAddresses), proxy)
		}
	}
}

// homeOf is what SetHome said, completed with what an address gives away.
func (t *Tenant) homeOf(address string) Home {
	home := t.homes[address]
	local, domain, _ := strings.Cut(address, "@")
	if home.DisplayName == "" {
		home.DisplayName = nameFrom(local)
	}
	if home.Issuer == "" {
		home.Issuer = providerOf(domain)
	}
	return home
}

// nameFrom makes Ada Lovelace of ada.lovelace.
func nameFrom(local string) string {
	words := strings.FieldsFunc(local, func(c rune) bool { return c == '.' || c == '_' || c == '-' })
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

func providerOf(domain string) string {
	switch domain {
	case "gmail.com", "googlemail.com":
		return "google.com"
	case "outlook.com", "hotmail.com", "live.com":
		return "MicrosoftAccount"
	}
	return "ExternalAzureAD"
}
