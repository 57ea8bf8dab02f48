package reasons_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/test/reasons"
)

func declarations(t *testing.T, constants string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "conditions.go")
	NewWithT(t).Expect(os.WriteFile(file, []byte("package v1alpha1\n\nconst (\n"+constants+")\n"), 0o600)).To(Succeed())
	return file
}

const conditions = `
	ConditionReady = "Ready"
	ConditionReconciling = "Reconciling"
	ConditionStalled = "Stalled"
	ConditionInvited = "Invited"
`

func TestAReasonIsOfTheConditionsAndKindsThatItsCommentNames(t *testing.T) {
	g := NewWithT(t)
	catalogue, err := reasons.Read(declarations(t, conditions+`
	// ReasonInvited: it is out. Of course. Of Ready: Guest,
	// GuestInvitation. Of Invited: GuestInvitation.
	ReasonInvited = "Invited"
	// ReasonThrottled: wait.
	// Of Reconciling: Guest.
	ReasonThrottled = "Throttled"
`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(catalogue.Declared).To(Equal(map[reasons.Place][]string{
		{Kind: "Guest", Condition: "Ready"}:             {"Invited"},
		{Kind: "GuestInvitation", Condition: "Ready"}:   {"Invited"},
		{Kind: "GuestInvitation", Condition: "Invited"}: {"Invited"},
		{Kind: "Guest", Condition: "Reconciling"}:       {"Throttled"},
	}))
	g.Expect(catalogue.Of("Guest")).To(Equal([]string{"Ready", "Reconciling"}))

	g.Expect(catalogue.Allows("Guest", "Ready", "True", "Invited")).To(BeTrue())
	g.Expect(catalogue.Allows("Guest", "Ready", "False", "Throttled")).To(BeTrue(), "a condition that is False says what is waited for")
	g.Expect(catalogue.Allows("Guest", "Ready", "True", "Throttled")).To(BeFalse())
	g.Expect(catalogue.Allows("GuestInvitation", "Ready", "False", "Throttled")).To(BeFalse(), "it is another kind's")
	g.Expect(catalogue.Allows("Guest", "Invited", "True", "Invited")).To(BeFalse())
}

func TestAReasonThatDoesNotSayWhereItIsUsedIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ comment, says string }{
		"nothing":              {"wait.", "reason New"},
		"an unknown condition": {"wait. Of Missing: Guest.", "condition Missing"},
		"no list of kinds":     {"wait. Of Ready: every kind.", "not a list of kinds"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := reasons.Read(declarations(t, conditions+"\n\t// ReasonNew: "+c.comment+"\n\tReasonNew = \"New\"\n"))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.says)))
		})
	}
}

func TestTheReasonsOfTheAPIAreDeclaredForItsKinds(t *testing.T) {
	g := NewWithT(t)
	catalogue, err := reasons.Read("../../" + reasons.File)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(catalogue.Of("GuestInvitation")).To(ContainElements("Ready", "Reconciling", "Stalled", "Accepted"))
	g.Expect(len(catalogue.Conditions)).To(BeNumerically(">", 8))
}
