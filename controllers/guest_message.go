package controllers

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// reportMessage says what the author asked for and did not get, because Microsoft Entra leaves it out where an application invites, and
// tells nobody; user is nil where nobody is there. Guests whom this operator never invited were never sent anything.
func (k *guestKind) reportMessage(life *guestLife, user *directory.User) {
	guest := life.guest
	switch objections := life.notAsAsked(user); {
	case life.author == nil && user != nil: // says what it said, until somebody decides
	case len(objections) == 0:
		meta.RemoveStatusCondition(&guest.Status.Conditions, b2b.ConditionMessageAsAsked)
	default:
		messages := make([]string, 0, len(objections))
		for _, objection := range objections {
			messages = append(messages, objection.message)
		}
		isFalse(objections[0].reason, strings.Join(messages, "; ")).into(guest, b2b.ConditionMessageAsAsked)
	}
}

// notAsAsked gives what is not as the author asked.
func (l *guestLife) notAsAsked(user *directory.User) (objections []said) {
	if user == nil || l.author == nil {
		return nil
	}
	spec := l.author.Spec
	if spec.Message.Body != "" && spec.Message.Wanted() && !l.record.lastMail().IsZero() {
		objections = append(objections, isFalse(b2b.ReasonBodyLeftOut, bodyLeftOut(spec.Message.Language)))
	}
	if spec.UserType == b2b.UserTypeMember && !partial(*user) && user.UserType != directory.UserTypeMember && l.origin(*user) == b2b.GuestOriginInvited {
		objections = append(objections, isFalse(b2b.ReasonOtherUserType, fmt.Sprintf("userType Member was asked for, and the user is a %s: "+
			"Microsoft Entra heeds userType only at the invitation, and only from an administrator. Have an administrator of the tenant "+
			"change the user, or set userType: Guest", user.UserType)))
	}
	return objections
}

func bodyLeftOut(language string) string {
	message := "Microsoft Entra leaves message.body out of mails that an application sends: the guest gets the usual mail. Remove the body, or " +
		"write to the guest yourself, with the link from redeemURLSecretRef and message.send: false"
	if language != "" {
		message += ". With a body, message.language need not be heeded either"
	}
	return message
}

// memberDenied is the verdict on an invitation of a Member that was denied: it takes more than the permission to invite.
func memberDenied(err error) lifecycle.Verdict {
	return lifecycle.Wait(b2b.ReasonPermissionMissing, fmt.Sprintf("inviting with userType Member: denied: %s. Microsoft documents this for "+
		"administrators only: the operator's application may need the permission %s or the directory role User Administrator. Or set "+
		"userType: Guest", describe(err), permissionInviteMembers), lifecycle.Later)
}
