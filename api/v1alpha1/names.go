package v1alpha1

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

const (
	// Finalizer keeps an object until what it stands for in the tenant has been undone.
	Finalizer = "b2b.entraguests.dev/finalizer"

	// RecordAnnotation is where the operator keeps its own record of what it has announced and done in the tenant: on a Guest
	// the invitations and the group memberships that it announced, and what release did. It lies outside status so that status
	// can be rebuilt from it, and on an object that only the operator writes so that nobody can forge it.
	RecordAnnotation = "b2b.entraguests.dev/record"

	// SecretTypeRedeemURL is the type of the Secrets that spec.redeemURLSecretRef of a GuestInvitation names, and RedeemURLKey the key
	// in them under which the link is.
	SecretTypeRedeemURL = "b2b.entraguests.dev/redeem-url" //nolint:gosec // the name of a type
	RedeemURLKey        = "redeemURL"

	// AttemptAnnotation says on such a Secret which invitation the link is of: the uid of the Guest, a slash, and the number that the
	// Guest's record gives the invitation.
	AttemptAnnotation = "b2b.entraguests.dev/attempt"

	// guestHashLength is the number of base32 characters in the name of a Guest: 130 bits, too many for a collision.
	guestHashLength = 26
)

// GuestName is the name of the Guest with this address in this tenant: the name of the EntraTenant, a dot, and 26
// characters of the lower-case base32 (RFC 4648, unpadded) of SHA-256(tenantID "/" normalised address). Equal persons
// have equal names, so that etcd lets only one of them exist.
func GuestName(tenantRefName, tenantID, emailAddress string) string {
	sum := sha256.Sum256([]byte(tenantID + "/" + NormalizeEmailAddress(emailAddress)))
	hash := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
	return tenantRefName + "." + strings.ToLower(hash[:guestHashLength])
}

// NormalizeEmailAddress is the form in which addresses are compared: ASCII letters in lower case and nothing else changed.
// Other letters stay as they are, because some of them (the Kelvin sign) would turn into ASCII ones and make a stranger's
// address equal to somebody's.
func NormalizeEmailAddress(address string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, address)
}
