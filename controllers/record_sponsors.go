package controllers

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// sponsorship is what this operator has announced and done about the sponsors of the user.
type sponsorship struct {
	// UserID is whose sponsors they are; empty where they went with an invitation, until something else is written down.
	UserID string `json:"userID,omitempty"`
	// AuthorUID and Spec are the invitation and the list of it that were applied. Spec is empty while one is being applied.
	AuthorUID types.UID `json:"authorUID,omitempty"`
	Spec      string    `json:"spec,omitempty"`
	// Reason is what condition SponsorsSet said of it: another one there was lost, or is out of date.
	Reason string `json:"reason,omitempty"`
	// Added are those whom this operator has added, or is about to. Whoever was a sponsor before is not among them, and stays.
	Added []addedSponsor `json:"added,omitempty"`
}

// addedSponsor is a sponsor that was added for one entry of the spec. The entry is kept as a fingerprint: it can be an address.
type addedSponsor struct {
	ID  string `json:"id"`
	For string `json:"for"`
}

// equal reports whether two records say the same.
func (s *sponsorship) equal(o *sponsorship) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.UserID == o.UserID && s.AuthorUID == o.AuthorUID && s.Spec == o.Spec && s.Reason == o.Reason && slices.Equal(s.Added, o.Added)
}

// managesFor reports whether sponsors were added for this invitation, so that they go when it names them no more.
func (s *sponsorship) managesFor(invitation *b2b.GuestInvitation) bool {
	return s != nil && s.AuthorUID == invitation.UID && len(s.Added) > 0
}

// sponsorKey tells the entries of a spec apart.
func sponsorKey(sponsor b2b.Sponsor) string {
	return fingerprint("userPrincipalName", strings.ToLower(sponsor.UserPrincipalName), "id", sponsor.ID, "groupID", sponsor.GroupID)
}

// sponsorsKey tells lists of sponsors apart.
func sponsorsKey(sponsors []b2b.Sponsor) string {
	keys := make([]string, 0, len(sponsors))
	for _, sponsor := range sponsors {
		keys = append(keys, sponsorKey(sponsor))
	}
	slices.Sort(keys)
	return fingerprint(keys...)
}

func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:6])
}
