package graphsim

import "time"

// Behaviour switches what the service is known to do in more than one way. The
// zero value is the usual behaviour.
type Behaviour struct {
	// RefuseRedeemed answers an invitation of a guest who has accepted with 400
	// "already exists" instead of 201 with the same user.
	RefuseRedeemed bool
	// CompletedStatus answers it with status Completed instead of PendingAcceptance.
	CompletedStatus bool
	// InvitationsBlocked answers every invitation with 403, as after Microsoft
	// has seen suspicious activity.
	InvitationsBlocked bool
	// MemberAsGuest makes a guest of whoever an application without the right to write
	// users invites with userType Member, and says so in the answer only, instead of
	// refusing with 403. Only an administrator may invite members; what an application
	// meets that is none is not documented.
	MemberAsGuest bool
	// EntitlementGrantWording refuses an app role assignment that is there already in
	// the other words that the service is known for: "EntitlementGrant entry already
	// exists." with code Request_MultipleObjectsWithSameKeyValue.
	EntitlementGrantWording bool
	// DefaultAccessAlways lets principals be assigned DefaultAccess also where the
	// application declares roles, which is documented for applications without any.
	DefaultAccessAlways bool
	// BlockedDomains are refused by cross-tenant access settings.
	BlockedDomains []string
	// RefuseGzip answers a compressed request body with 415.
	RefuseGzip bool
	// KeepTickets leaves earlier tickets valid after a repeated invitation.
	KeepTickets bool
	// SilentDelta keeps delta queries silent about externalUserState and the time of
	// its change: they neither carry the two nor report a change of them alone.
	SilentDelta bool
	// DeltaPage is how many objects a page of a delta query holds, 200 by default. It
	// holds five times as many members of groups.
	DeltaPage int
	// DeltaDelay is how long a change takes until delta queries show it.
	DeltaDelay time.Duration
	// DeltaReplays lets each round of a delta query begin with so many changes that
	// the one before it had shown, and a full round end with as many removed users.
	DeltaReplays int
	// DeltaLinkHost is the scheme and host that the links of delta queries name, by
	// default those of the request.
	DeltaLinkHost string
	// DeltaRefusal is the code by which a token that is too old is refused with 400,
	// such as syncStateNotFound or ResyncRequired. By default it is 410 with the
	// address to start anew.
	DeltaRefusal string
}

// Configure changes the tenant's switches.
func (t *Tenant) Configure(change func(*Behaviour)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.behaviour)
}
