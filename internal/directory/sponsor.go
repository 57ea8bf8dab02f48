package directory

// MaxSponsors is how many sponsors a user can have.
// https://learn.microsoft.com/graph/api/user-post-sponsors
const MaxSponsors = 5

// SponsorKind is what a sponsor can be.
type SponsorKind string

// The kinds that Microsoft Graph documents.
const (
	SponsorUser  SponsorKind = "User"
	SponsorGroup SponsorKind = "Group"
)

// SponsorRef names a user or a group that answers for a guest.
type SponsorRef struct {
	// ID is the object id.
	ID   string
	Kind SponsorKind
}

// Sponsor is one who is stored with a user. The Kind of one that is neither user nor group is empty; it counts like the others.
type Sponsor struct {
	SponsorRef
	DisplayName string
}
