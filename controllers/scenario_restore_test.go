package controllers

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
)

// inhabited is a cluster with a guest in each state, all in the partners' group.
type inhabited struct {
	ada, ben, sara *b2b.GuestInvitation
	members        []*b2b.GuestGroupMembership
}

// givenInhabited has ada pending, ben accepted and sara adopted.
func (o *scenario) givenInhabited() inhabited {
	o.t.Helper()
	o.tenant.AddGuest("sara@partner.example", "")
	o.givenConnectedTenant()
	all := inhabited{
		ada:  o.givenInvitation(o.team, "ada", "ada@partner.example"),
		ben:  o.givenInvitation(o.team, "ben", "ben@partner.example"),
		sara: o.givenInvitation(o.otherTeam, "sara", "sara@partner.example"),
	}
	o.expectReady(all.ben, b2b.ReasonInvited)
	_, err := o.tenant.Redeem("ben@partner.example")
	o.Expect(err).NotTo(HaveOccurred())
	for _, invitation := range []*b2b.GuestInvitation{all.ada, all.ben, all.sara} {
		all.members = append(all.members, o.givenMembership(invitation.Namespace, invitation.Name, invitation.Name))
	}
	for _, member := range all.members {
		o.expectReady(member, b2b.ReasonGranted)
	}
	return all
}

// expectAsBefore waits until everything is Ready, and expects that nothing was written since.
func (o *scenario) expectAsBefore(all inhabited, ada, ben string, written int) {
	o.t.Helper()
	o.expectReady(all.ada, ada)
	o.expectReady(all.ben, ben)
	o.expectReady(all.sara, b2b.ReasonAdopted)
	for _, member := range all.members {
		o.expectReady(member, b2b.ReasonGranted)
	}
	o.settle()
	o.Expect(o.writes()).To(HaveLen(written), "%s", o.writes())
	o.expectMails("ada@partner.example", 1)
	o.Expect(o.members(partners)).To(HaveLen(3))
}

func TestALostStatusIsRebuiltAndNothingIsWritten(t *testing.T) {
	o := startScenario(t)
	all := o.givenInhabited()
	o.expectReady(all.ben, b2b.ReasonAccepted)
	o.stop()
	o.wipeStatus()
	written := len(o.writes())
	o.start()
	o.expectAsBefore(all, b2b.ReasonInvited, b2b.ReasonAccepted, written)
	o.awaitRounds(1)
	o.expectIdle(1)
	o.delete(all.members[0], all.ada)
	o.expectNoObject(all.members[0], all.ada)
	o.expectReleased("ada@partner.example")
	o.expectNoUser("ada@partner.example") // still known to be ours
}

// backup is a copy of all objects by kind, as a backup tool makes it: without status, uid and version.
func (o *scenario) backup() map[string][]client.Object {
	o.t.Helper()
	copies := map[string][]client.Object{}
	for _, object := range o.objects() {
		copied := object.DeepCopyObject().(apiObject)
		copied.SetUID("")
		copied.SetResourceVersion("")
		copied.SetCreationTimestamp(metav1.Time{})
		copied.SetConditions(nil)
		copies[kindOf(object)] = append(copies[kindOf(object)], copied)
	}
	return copies
}

func TestABackupIsRestoredInAnyOrder(t *testing.T) {
	for _, order := range append(permutations([]string{"Guest", "GuestInvitation", "GuestGroupMembership"}),
		[]string{"Guest", "GuestGroupMembership", "GuestInvitation", "GuestPolicy", "EntraTenant"}) {
		t.Run(strings.Join(order, ","), func(t *testing.T) {
			o := startScenario(t)
			all := o.givenInhabited()
			o.stop()
			copies := o.backup()
			o.wipeAll()
			written := len(o.writes())
			o.start()
			if len(order) < 5 {
				order = append([]string{"EntraTenant", "GuestPolicy"}, order...)
			}
			for _, kind := range order {
				for _, object := range copies[kind] {
					err := o.client.Create(o.ctx, object) // tools leave what is there already: the operator may have been faster
					o.Expect(client.IgnoreAlreadyExists(err)).To(Succeed())
				}
				o.settle() // lets the operator act on what is there
			}
			o.expectAsBefore(all, b2b.ReasonAdopted, b2b.ReasonAdopted, written)
			o.delete(all.ada)
			o.expectNoObject(all.ada)
			o.expectEvent(o.expectReleased("ada@partner.example"), "Retained", "")
			o.expectUser("ada@partner.example")
		})
	}
}

func TestTheSameManifestsInAnEmptyClusterMailNobody(t *testing.T) {
	o := startScenario(t)
	all := o.givenInhabited()
	o.stop()
	o.wipeAll()
	written := len(o.writes())
	o.start()
	o.givenConnectedTenant()
	again := inhabited{
		ada:  o.givenInvitation(o.team, "ada", "ada@partner.example"),
		ben:  o.givenInvitation(o.team, "ben", "ben@partner.example"),
		sara: o.givenInvitation(o.otherTeam, "sara", "sara@partner.example"),
	}
	for _, old := range all.members {
		again.members = append(again.members, o.givenMembership(old.Namespace, old.Name, old.Name))
	}
	o.expectAsBefore(again, b2b.ReasonAdopted, b2b.ReasonAdopted, written)
	o.delete(again.members[0], again.ada)
	o.expectNoObject(again.members[0], again.ada)
	o.expectReleased("ada@partner.example")
	o.expectUser("ada@partner.example")
	o.Expect(o.writes()).To(HaveLen(written))
}
