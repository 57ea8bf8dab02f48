package directory

import "context"

// DeltaLink is where a sequence of changes goes on: an opaque address of the directory's, good for seven days.
// https://learn.microsoft.com/graph/delta-query-overview
type DeltaLink string

// MaxGroupsPerDelta is how many groups one sequence of changes can be about.
const MaxGroupsPerDelta = 50

// UserChange is a user as a sequence of changes shows it: as it is now, not what is different. What the answer left out is empty.
type UserChange struct {
	User User
	// Removed is set for a user who was deleted, softly or for good. Only the id is known then.
	Removed bool
}

// MemberChange is a user who became a member of a group, or ceased to be one. Without a UserID the group itself was deleted.
type MemberChange struct {
	GroupID, UserID string
	Removed         bool
}

// Changes tells what has changed since a link was taken. Changes can come more than once and in any order, and a while after they
// can be read. An error with ResyncRequired says that the link is of no use any more: take a new one and list anew.
type Changes interface {
	// LatestUsers gives the link from which on UserChanges tells of users, employees included.
	LatestUsers(ctx context.Context) (DeltaLink, error)
	// UserChanges yields what has changed in pages and gives the link to go on from. A page is only valid until yield returns; an
	// error from yield ends it. After any error the old link still holds.
	UserChanges(ctx context.Context, from DeltaLink, yield func([]UserChange) error) (DeltaLink, error)
	// LatestMembers gives the link from which on MemberChanges tells of the members of these groups, at most MaxGroupsPerDelta.
	LatestMembers(ctx context.Context, groupIDs []string) (DeltaLink, error)
	// MemberChanges is UserChanges for the direct members of groups that are users.
	MemberChanges(ctx context.Context, from DeltaLink, yield func([]MemberChange) error) (DeltaLink, error)
}
