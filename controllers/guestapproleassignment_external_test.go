package controllers

import (
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	b2b "github.com/entraguests/entra-guest-operator/api/v1alpha1"
	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
	"github.com/entraguests/entra-guest-operator/internal/policy"
)

// wikiOnly is a tenant with one application, which has one role. Whatever else it is asked panics.
type wikiOnly struct {
	directory.Directory
	assigned string // the id of ada's assignment
	hidden   bool   // it does not show
	fails    error  // of the next grants; those that are lost are carried out
	user     error  // why ada cannot be read
	reads    int
	grants   int
}

func (d *wikiOnly) GetServicePrincipal(context.Context, string) (directory.ServicePrincipal, error) {
	return directory.ServicePrincipal{ID: "wiki", AppID: "wiki-app", DisplayName: "Wiki", AppRoles: []directory.AppRole{appRole("r", "Reader")}}, nil
}

func (d *wikiOnly) GetUser(_ context.Context, id string) (directory.User, error) {
	return directory.User{ID: id}, d.user
}

func (d *wikiOnly) ListAppRoleAssignments(context.Context, string, string) ([]directory.AppRoleAssignment, error) {
	d.reads++
	if d.assigned == "" || d.hidden {
		return nil, nil
	}
	return []directory.AppRoleAssignment{{ID: "another", RoleID: "e"}, {ID: d.assigned, RoleID: "r"}}, nil
}

func (d *wikiOnly) GrantAppRole(_ context.Context, _, _, roleID string) (directory.AppRoleAssignment, error) {
	d.grants++
	if d.fails != nil {
		if directory.Is(d.fails, directory.OutcomeUnknown) {
			d.assigned = "made"
		}
		return directory.AppRoleAssignment{}, d.fails
	}
	d.assigned = "made"
	return directory.AppRoleAssignment{ID: d.assigned, RoleID: roleID}, nil
}

// roleUnderTest is the life of one assignment, reconciled by hand.
type roleUnderTest struct {
	Gomega
	t          *testing.T
	kind       *assignmentKind
	tenant     *wikiOnly
	assignment *b2b.GuestAppRoleAssignment
	guest      *b2b.Guest
	now        time.Time
}

func givenRole(t *testing.T) *roleUnderTest {
	g := NewWithT(t)
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	life := lifeOf()
	life.guest.Status.UserID = "ada"
	r := &roleUnderTest{Gomega: g, t: t, tenant: &wikiOnly{}, now: noon, guest: life.guest, assignment: &b2b.GuestAppRoleAssignment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "ada-wiki", UID: "a", Generation: 1},
		Spec:       b2b.GuestAppRoleAssignmentSpec{Role: "Reader"},
	}}
	store := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&b2b.Guest{}, &b2b.GuestAppRoleAssignment{}).
		WithIndex(&b2b.Guest{}, indexGuestByPairClaimant, guestIndex(indexGuestByPairClaimant)).
		WithObjects(r.assignment, r.guest).Build()
	r.begin(store)
	return r
}

// guestIndex gives what an index of Guests finds them by.
func guestIndex(name string) client.IndexerFunc {
	all := guestIndexes()
	return all[slices.IndexFunc(all, func(i index) bool { return i.name == name })].keys
}

// begin starts a process, whose memory is empty.
func (r *roleUnderTest) begin(store client.Client) {
	r.kind = newAssignmentKind(Dependencies{Client: store, Reader: store, Cache: store, Now: func() time.Time { return r.now },
		ReplicationWindow: window, Users: newKeyedMutex(), Records: newKeyedMutex(), Events: NewEvents(&events.FakeRecorder{})})
}

// reconcile takes all steps, and gives the verdict. It stores nothing but what is announced, and reports into the object.
func (r *roleUnderTest) reconcile() lifecycle.Verdict {
	r.t.Helper()
	for range 10 {
		r.Expect(r.kind.Client.Get(r.t.Context(), client.ObjectKeyFromObject(r.guest), r.guest)).To(Succeed())
		rec, err := readRecord(r.guest)
		r.Expect(err).NotTo(HaveOccurred())
		want := &wantedRole{assignment: r.assignment, access: access{object: r.assignment, target: withRole("wiki", "r"),
			life: &guestLife{guest: r.guest, record: rec}, tenant: r.connected()}}
		want.granted = policy.Decision{Application: b2b.ResolvedApplication{AppID: "wiki-app", ServicePrincipalID: "wiki"}}
		decision, err := r.kind.decideRole(r.t.Context(), want)
		r.Expect(err).NotTo(HaveOccurred())
		verdict := &decision.Verdict
		if decision.Step != nil {
			verdict = nil
			r.Expect(decision.Step.Announce(r.t.Context())).To(Succeed())
			if decision.Step.Act != nil {
				verdict = decision.Step.Act(r.t.Context())
			}
		}
		if verdict != nil {
			r.kind.Report(r.assignment, *verdict, "")
			return *verdict
		}
	}
	r.t.Fatal("no end")
	return lifecycle.Verdict{}
}

// connected is the tenant, which is looked at once a minute.
func (r *roleUnderTest) connected() tenant {
	return tenant{
		EntraTenant: &b2b.EntraTenant{Spec: b2b.EntraTenantSpec{Observation: b2b.Observation{IntervalSeconds: 60}}},
		Connection:  &Connection{Directory: r.tenant, Budget: budget.New(budget.Options{}), RequestTimeout: time.Second},
	}
}

func (r *roleUnderTest) expect(reason string) {
	r.t.Helper()
	r.Expect(r.reconcile().Reason).To(Equal(reason))
}

// later lets time pass.
func (r *roleUnderTest) later(d time.Duration) { r.now = r.now.Add(d) }

// regrant sets another token.
func (r *roleUnderTest) regrant(token string) {
	r.t.Helper()
	r.assignment.Spec.RegrantToken = token
	status := r.assignment.Status
	r.Expect(r.kind.Client.Update(r.t.Context(), r.assignment)).To(Succeed())
	r.assignment.Status = status
	r.assignment.Generation++
}

func (r *roleUnderTest) pair() *pair {
	r.t.Helper()
	r.Expect(r.kind.Client.Get(r.t.Context(), client.ObjectKeyFromObject(r.guest), r.guest)).To(Succeed())
	rec, err := readRecord(r.guest)
	r.Expect(err).NotTo(HaveOccurred())
	return rec.pair(withRole("wiki", "r"))
}

// hour is 60 intervals.
const hour = time.Hour

func TestAnAssignmentThatIsInOrderIsLookedAtOnceAnHour(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.reads).To(Equal(1), "before it was assigned")
	r.later(hour - time.Second)
	verdict := r.reconcile()
	r.Expect(verdict.Reason).To(Equal(b2b.ReasonGranted))
	r.Expect(verdict.After).To(Equal(time.Second), "until the next look")
	r.Expect(r.tenant.reads).To(Equal(1))
	r.later(time.Second)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.reads).To(Equal(2))
	r.assignment.Generation++
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.reads).To(Equal(3), "an edit has it looked at")
	r.Expect(r.tenant.grants).To(Equal(1))
}

func TestAProcessThatBeginsLooksAtWhatIsInOrderInTheCourseOfAnHour(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.later(24 * hour)
	r.begin(r.kind.Client)
	verdict := r.reconcile()
	r.Expect(verdict.Reason).To(Equal(b2b.ReasonGranted))
	r.Expect(verdict.After).To(And(BeNumerically(">", 0), BeNumerically("<=", hour)))
	r.Expect(r.tenant.reads).To(Equal(1))
	r.later(verdict.After)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.reads).To(Equal(2))
}

func TestARoleThatOthersTookBackIsNotAssignedWithoutANewToken(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.tenant.assigned = ""
	r.later(hour)
	r.expect(b2b.ReasonRemovedExternally)
	r.Expect(r.assignment.Status.AssignmentID).To(BeEmpty())
	reads := r.tenant.reads
	r.expect(b2b.ReasonRemovedExternally)
	r.Expect(r.tenant.reads).To(Equal(reads), "nothing has changed")
	r.begin(r.kind.Client)
	r.expect(b2b.ReasonRemovedExternally)
	r.Expect(r.tenant.grants).To(Equal(1))

	r.regrant("2")
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(2))
	r.tenant.assigned = ""
	r.later(hour)
	r.expect(b2b.ReasonRemovedExternally) // the token has had its turn
}

func TestNobodyIsSaidToHaveTakenARoleBackFromAGuestWhoIsGoneOrCannotBeRead(t *testing.T) {
	for class, reason := range map[directory.Class]string{directory.NotFound: "", directory.Unavailable: b2b.ReasonDirectoryUnavailable} {
		r := givenRole(t)
		r.expect(b2b.ReasonGranted)
		r.tenant.assigned, r.tenant.user = "", &directory.Error{Class: class}
		r.later(hour)
		r.Expect(r.reconcile().Reason).To(Equal(reason), class.String())
		r.tenant.user = nil
		r.expect(b2b.ReasonRemovedExternally)
	}
}

func TestAnAssignmentThatFailsIsNoRemovalByOthers(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.tenant.assigned = ""
	r.later(hour)
	r.expect(b2b.ReasonRemovedExternally)
	r.regrant("2")
	r.tenant.fails = &directory.Error{Class: directory.Throttled, RetryAfter: time.Minute}
	r.expect(b2b.ReasonThrottled)
	r.begin(r.kind.Client)
	r.later(hour)
	r.tenant.fails = nil
	r.expect(b2b.ReasonGranted)
}

func TestARoleWhoseAssignmentDoesNotShowYetHasNotBeenTakenBack(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.tenant.hidden = true
	r.assignment.Generation++
	r.expect(b2b.ReasonGranted)
	r.later(window + time.Second)
	r.assignment.Generation++
	r.expect(b2b.ReasonRemovedExternally)
	r.Expect(r.tenant.grants).To(Equal(1))
}

func TestAnAssignmentWhoseAnswerWasLostIsLookedForAndNotRepeated(t *testing.T) {
	r := givenRole(t)
	r.tenant.fails, r.tenant.hidden = &directory.Error{Class: directory.OutcomeUnknown}, true
	r.expect(b2b.ReasonOutcomeUnknown)
	r.later(window - time.Second)
	r.expect(b2b.ReasonOutcomeUnknown)
	r.tenant.hidden = false
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(1))
	r.Expect(r.pair()).To(HaveValue(And(HaveField("Found", false), HaveField("AssignmentID", "made"))))
}

func TestAnAssignmentThatWasNotCarriedOutIsMadeAgainWhenTheDoubtIsOver(t *testing.T) {
	r := givenRole(t)
	r.tenant.fails = &directory.Error{Class: directory.OutcomeUnknown}
	r.expect(b2b.ReasonOutcomeUnknown)
	r.tenant.assigned, r.tenant.fails = "", nil
	r.later(window)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(2))
}

func TestAProcessThatFindsAnAnnouncementDoesNotAssignBeforeItsAnswerCanHaveShown(t *testing.T) {
	r := givenRole(t)
	r.tenant.fails = &directory.Error{Class: directory.OutcomeUnknown}
	r.expect(b2b.ReasonOutcomeUnknown)
	r.tenant.assigned, r.tenant.fails = "", nil
	r.begin(r.kind.Client)
	r.later(window)
	r.expect(b2b.ReasonOutcomeUnknown) // the request may have begun at its last moment
	r.later(time.Second)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(2))
}

func TestAnAssignmentThatExistsAlreadyIsASuccessWhenAReadConfirmsIt(t *testing.T) {
	r := givenRole(t)
	r.tenant.assigned, r.tenant.hidden = "theirs", true
	r.tenant.fails = &directory.Error{Class: directory.Invalid, Detail: directory.AssignmentExists}
	r.expect(b2b.ReasonOutcomeUnknown)
	r.tenant.hidden = false
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(1))
	r.Expect(r.assignment.Status.AssignmentID).To(Equal("theirs"))
}

func TestAGuestWhoIsNotEverywhereYetIsWaitedFor(t *testing.T) {
	r := givenRole(t)
	for _, class := range []directory.Class{directory.Invalid, directory.NotFound} {
		r.tenant.fails = &directory.Error{Class: class, Detail: directory.ReferenceNotReady}
		r.expect(b2b.ReasonWaitingForGuest)
	}
	r.tenant.fails = nil
	r.expect(b2b.ReasonGranted) // what was refused was not carried out
}

func TestARoleThatTheGuestHasIsFoundAndNotAnnounced(t *testing.T) {
	r := givenRole(t)
	r.tenant.assigned = "theirs"
	r.expect(b2b.ReasonGranted)
	r.Expect(r.pair()).To(HaveValue(And(HaveField("Found", true), HaveField("AssignmentID", "theirs"))))
	r.Expect(r.assignment.Finalizers).To(BeEmpty())
	r.Expect(r.tenant.grants).To(BeZero())
}

func TestAnAssignmentThatSomebodyElseMadeInPlaceOfOursIsTheirs(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.pair()).To(HaveValue(HaveField("Found", false)))
	r.tenant.assigned = "theirs"
	r.later(hour)
	r.expect(b2b.ReasonGranted)
	r.Expect(r.pair()).To(HaveValue(And(HaveField("Found", true), HaveField("AssignmentID", "theirs"))))
}

// amend changes the record behind the object's back.
func (r *roleUnderTest) amend(change func(*record)) {
	r.t.Helper()
	r.Expect(r.kind.Client.Get(r.t.Context(), client.ObjectKeyFromObject(r.guest), r.guest)).To(Succeed())
	rec, err := readRecord(r.guest)
	r.Expect(err).NotTo(HaveOccurred())
	change(rec)
	r.Expect(writeRecord(r.guest, rec)).To(Succeed())
	r.Expect(r.kind.Client.Update(r.t.Context(), r.guest)).To(Succeed())
}

func TestAGuestWhoComesBackAfterAReleaseIsLookedAtAnew(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.tenant.assigned = ""
	r.amend(func(rec *record) { rec.dropPair(withRole("wiki", "r")) })
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(2))
	r.Expect(r.pair()).To(HaveValue(HaveField("Found", false)))
}

func TestARoleThatAnotherObjectHadAssignedAgainIsSeenAtOnce(t *testing.T) {
	r := givenRole(t)
	r.expect(b2b.ReasonGranted)
	r.tenant.assigned = ""
	r.later(hour)
	r.expect(b2b.ReasonRemovedExternally)
	r.tenant.assigned = "again"
	r.amend(func(rec *record) { rec.pair(withRole("wiki", "r")).AssignmentID = "again" })
	r.expect(b2b.ReasonGranted)
	r.Expect(r.tenant.grants).To(Equal(1))
}
