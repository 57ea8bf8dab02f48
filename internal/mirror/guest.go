package mirror

import (
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// guest is what is kept of a user, which is what the readers of a mirror read. There can be 100,000 of them.
type guest struct {
	id, mail string
	// name is the user principal name, where it does not follow from mail and the domain among the traits.
	name string
	// more is what few guests have; nil for nearly everybody, who so pay 8 bytes for it.
	more   *more
	traits unique.Handle[traits]
	// created and stateChanged are in nanoseconds since 1970, 0 where unknown.
	created, stateChanged int64
}

// more is what a guest can have beside all that every guest has.
type more struct {
	// The addresses at which mail reaches the user beside the first one.
	otherMails, proxyAddresses []string
	givenName, surname         string
	// work is the rest of the profile, without the names: many have the same company and department.
	work unique.Handle[directory.Profile]
}

// traits are what many guests have in common: a tenant has a dozen combinations of them.
type traits struct {
	userType     directory.UserType
	creationType string
	state        directory.ExternalUserState
	enabled      bool
	// synced: kept in step with a directory on-premises.
	synced bool
	// federated stands for an identity that was issued elsewhere, where the name does not tell that the user is external.
	federated bool
	// domain is that of a name which begins as the invitation to mail made it.
	domain string
	// unsaid: only changes have told of this user, and none of them of the state.
	unsaid bool
}

// creationTypeInvitation marks users who were invited, whatever they have been made since.
const creationTypeInvitation = "Invitation"

// invited reports whether the directory lists the user among the guests: see directory.Lister.
func invited(user directory.User) bool {
	return user.UserType == directory.UserTypeGuest || user.CreationType == creationTypeInvitation || user.SignedUp()
}

func guestOf(user directory.User) guest {
	g := guest{
		id: user.ID, mail: user.Mail, name: user.UserPrincipalName,
		created: nanoseconds(user.CreatedDateTime), stateChanged: nanoseconds(user.ExternalUserStateChangeDateTime),
	}
	t := traits{
		userType: user.UserType, creationType: user.CreationType, state: user.ExternalUserState, enabled: user.AccountEnabled,
		synced:    user.OnPremisesSyncEnabled,
		federated: user.External() && !directory.User{UserPrincipalName: user.UserPrincipalName}.External(),
	}
	if domain, follows := strings.CutPrefix(g.name, directory.ExternalNamePrefix(g.mail)); follows && domain != "" {
		g.name, t.domain = "", strings.Clone(domain)
	}
	g.traits = unique.Make(t)
	m := more{
		otherMails:     except(user.OtherMails, user.Mail),
		proxyAddresses: except(user.ProxyAddresses, "smtp:"+user.Mail),
	}
	if len(m.otherMails)+len(m.proxyAddresses) > 0 || user.Profile != (directory.Profile{}) {
		m.setProfile(user.Profile)
		g.more = &m
	}
	return g
}

func (m *more) setProfile(p directory.Profile) {
	m.givenName, m.surname = p.GivenName, p.Surname
	p.GivenName, p.Surname = "", ""
	m.work = unique.Make(p)
}

func (m *more) profile() directory.Profile {
	p := m.work.Value()
	p.GivenName, p.Surname = m.givenName, m.surname
	return p
}

// except gives the strings that are not the one, whatever the case of the letters; nil for none.
func except(all []string, one string) (others []string) {
	for _, s := range all {
		if !strings.EqualFold(s, one) {
			others = append(others, s)
		}
	}
	return others
}

// user is the guest as its readers see it. The addresses that only repeat Mail are not among the others.
func (g guest) user() directory.User {
	t := g.traits.Value()
	user := directory.User{
		ID: g.id, UserPrincipalName: g.principalName(), Mail: g.mail,
		UserType: t.userType, CreationType: t.creationType, ExternalUserState: t.state, AccountEnabled: t.enabled,
		OnPremisesSyncEnabled: t.synced,
		CreatedDateTime:       timeOf(g.created), ExternalUserStateChangeDateTime: timeOf(g.stateChanged),
	}
	if g.more != nil {
		user.OtherMails, user.ProxyAddresses = slices.Clone(g.more.otherMails), slices.Clone(g.more.proxyAddresses)
		user.Profile = g.more.profile()
	}
	if t.federated {
		user.Identities = []directory.Identity{{SignInType: "federated"}}
	}
	return user
}

func (g guest) principalName() string {
	if domain := g.traits.Value().domain; g.name == "" && domain != "" {
		return directory.ExternalNamePrefix(g.mail) + domain
	}
	return g.name
}

// after is the guest after a change. A change that is silent about the state leaves it, for it is not documented to be among
// what changes tell of; and the same for the name, which no user loses.
func (g guest) after(change directory.User, known bool) guest {
	next := guestOf(change)
	t := next.traits.Value()
	if known && next.principalName() == "" {
		next.name = g.principalName()
	}
	if t.state == "" {
		t.unsaid = true
		if known {
			before := g.traits.Value()
			t.state, t.unsaid, next.stateChanged = before.state, before.unsaid || g.principalName() == "", g.stateChanged
		}
		next.traits = unique.Make(t)
	}
	return next
}

func (g guest) pending() bool { return g.traits.Value().state == directory.PendingAcceptance }

// waiting reports whether the guest has to be among the pending ones, as far as is known, or may be.
func (g guest) waiting() bool {
	t := g.traits.Value()
	return t.state == directory.PendingAcceptance || t.unsaid
}

// doubted is the guest without the state, which is not known any more.
func (g guest) doubted() guest {
	t := g.traits.Value()
	t.state, t.unsaid = "", true
	g.traits, g.stateChanged = unique.Make(t), 0
	return g
}

// equal reports whether readers would see no difference.
func (g guest) equal(o guest) bool {
	a, b := g.traits.Value(), o.traits.Value()
	a.unsaid, b.unsaid, a.domain, b.domain = false, false, "", ""
	return g.principalName() == o.principalName() && g.mail == o.mail && a == b && g.created == o.created && g.stateChanged == o.stateChanged &&
		(g.more == o.more || g.more != nil && o.more != nil && g.more.profile() == o.more.profile() &&
			slices.Equal(g.more.otherMails, o.more.otherMails) && slices.Equal(g.more.proxyAddresses, o.more.proxyAddresses))
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
