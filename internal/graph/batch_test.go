package graph

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

func get(c *Client) func(int) error {
	return func(n int) error { _, err := c.GetUser(context.Background(), person(n)); return err }
}

func TestARequestThatIsAloneIsSentAsItIs(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		g.Expect(get(c)(1)).To(Succeed())
		g.Expect(get(c)(2)).To(Succeed())
		g.Expect(w.sizes()).To(Equal([]int{0, 0}))
	})
}

func TestWhatComesWhileARequestIsUnderWayLeavesWhenItIsBack(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		start := time.Now()
		g.Expect(callers(6, get(c))).To(HaveEach(Succeed()))
		g.Expect(w.sizes()).To(Equal([]int{0, 5}))
		g.Expect(w.last().at.Sub(start)).To(Equal(100 * time.Millisecond))

		wait := starting(2, func(n int) { _ = get(c)(n) })
		wait()
		g.Expect(w.sizes()).To(Equal([]int{0, 5, 0, 0}), "one that has gathered alone needs no envelope")
	})
}

func TestTwentyRequestsLeaveAtOnce(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		wait := starting(45, func(n int) { _ = get(c)(n) })
		g.Expect(w.sizes()).To(Equal([]int{0, 20, 20}))
		wait()
		g.Expect(w.sizes()).To(Equal([]int{0, 20, 20, 4}))
	})
}

func TestARequestThatHangsHoldsNobodyUpForLong(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		w.hangs = "/groups/"
		ctx, cancel := context.WithCancel(context.Background())
		wait := starting(1, func(int) { _, _ = c.GetGroup(ctx, groupID) })
		start := time.Now()
		g.Expect(callers(3, get(c))).To(HaveEach(Succeed()))
		g.Expect(time.Since(start)).To(Equal(maxGathering + w.takes))
		g.Expect(w.sizes()).To(Equal([]int{0, 3}))
		cancel()
		wait()
	})
}

func TestOneThatIsNotFullWaitsWhileManyAreUnderWay(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		first := starting(1, func(n int) { _ = get(c)(n) })
		time.Sleep(50 * time.Millisecond)
		others := starting(82, func(n int) { _ = get(c)(n) })
		g.Expect(w.sizes()).To(Equal([]int{0, 20, 20, 20, 20}))
		first()
		synctest.Wait()
		g.Expect(w.sizes()).To(HaveLen(5), "four are under way, and two are no full load")
		others()
		g.Expect(w.sizes()).To(Equal([]int{0, 20, 20, 20, 20, 2}))
	})
}

func TestALookupIsOneHTTPRequest(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		found, err := c.FindByAddress(context.Background(), "ada+x@partner.example")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(w.sizes()).To(Equal([]int{2}))
		g.Expect(found.At).To(Equal(time.Now().UTC().Truncate(time.Second)))
		for _, item := range w.last().items {
			g.Expect(item.URL).To(MatchRegexp(`^/(users|directory/deletedItems/graph\.user)\?`))
			g.Expect(item.URL).To(ContainSubstring("ada%2Bx%40partner.example"))
			g.Expect(item.Headers).To(HaveKeyWithValue("client-request-id", HaveLen(36)))
			g.Expect(item.Headers).To(HaveKeyWithValue("x-ms-throttle-priority", "Normal"))
			g.Expect(item.Headers).To(HaveKeyWithValue("Accept", ContainSubstring("json")))
			g.Expect(item.Headers).NotTo(HaveKey("Authorization"))
		}
	})
}

func TestALookupTellsTheEarlierTimeOfItsTwoAnswers(t *testing.T) {
	g := NewWithT(t)
	early, late := "Tue, 24 Nov 2026 09:00:00 GMT", "Tue, 24 Nov 2026 09:00:07 GMT"
	for _, dates := range [][2]string{{early, late}, {late, early}} {
		client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			date := dates[0]
			if strings.Contains(r.URL.Path, "deletedItems") {
				date = dates[1]
			}
			answer(200, `{"value":[]}`, "Date", date)(w, r)
		}))
		found, err := client.FindByAddress(context.Background(), "ada@partner.example")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.At.Format(http.TimeFormat)).To(Equal(early))
	}
}

func TestHalfALookupIsNone(t *testing.T) {
	g := NewWithT(t)
	for _, broken := range []string{"/users", "deletedItems"} {
		client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, broken) {
				answer(500, "")(w, r)
				return
			}
			answer(200, `{"value":[]}`)(w, r)
		}))
		_, err := client.FindByAddress(context.Background(), "ada@partner.example")
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable), broken)
		g.Expect(err).To(HaveOccurred(), broken)
	}
}

func TestOnlyReadsWithOneAnswerAndRemovalsShareAnEnvelope(t *testing.T) {
	w := &wire{takes: 10 * time.Second}
	ctx := context.Background()
	overWire(t, w, func(g *WithT, c *Client) {
		wait := starting(1, func(n int) { _ = get(c)(n) })
		wait2 := starting(1, func(int) { _, _ = c.Invite(ctx, ada) })
		wait3 := starting(1, func(int) { _ = c.AddMembers(ctx, groupID, []string{userID}) })
		wait4 := starting(1, func(int) { _ = c.AddMembers(ctx, groupID, []string{userID, otherID}) })
		wait5 := starting(1, func(int) { _ = c.ListGuests(ctx, func([]directory.User) error { return nil }) })
		wait6 := starting(1, func(int) { _ = c.ListMembers(ctx, groupID, func([]string) error { return nil }) })
		wait7 := starting(1, func(int) { _, _ = c.FindGroups(ctx, "partners") })
		g.Expect(w.sizes()).To(Equal(make([]int, 7)), "all are sent at once, as they are")
		for _, wait := range []func(){wait, wait2, wait3, wait4, wait5, wait6, wait7} {
			wait()
		}
	})
}

func TestANextLinkIsFollowedOutsideOfABatch(t *testing.T) {
	w := &wire{takes: time.Second}
	w.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/members") && !r.URL.Query().Has("$skiptoken") {
			answer(200, `{"value":[],"@odata.nextLink":"http://127.0.0.1:1/v1.0`+r.URL.Path[5:]+`?$skiptoken=x"}`)(rw, r)
			return
		}
		anything(rw, r)
	})
	overWire(t, w, func(g *WithT, c *Client) {
		wait := starting(1, func(int) { _, _ = c.IsMember(context.Background(), groupID, userID) })
		time.Sleep(900 * time.Millisecond)
		other := starting(1, func(n int) { _ = get(c)(n) })
		wait()
		other()
		g.Expect(w.sizes()).To(Equal([]int{0, 0, 0}))
	})
}

func TestACallerWhoGivesUpWhileItsRequestGathersTakesItBack(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		wait := starting(3, func(n int) { _ = get(c)(n) })
		ctx, cancel := context.WithCancel(context.Background())
		var err error
		gone := starting(1, func(int) { err = c.RemoveMember(ctx, groupID, userID) })
		cancel()
		gone()
		g.Expect(directory.ClassOf(err)).To(Equal(directory.Unavailable), "nothing was sent: %v", err)
		g.Expect(err).To(MatchError(context.Canceled))
		wait()
		g.Expect(w.sizes()).To(Equal([]int{0, 2}))
		for _, item := range w.last().items {
			g.Expect(item.Method).To(Equal(http.MethodGet))
		}
	})
}

func TestACallerWhoGivesUpOnceItsRequestHasLeftDisturbsNobody(t *testing.T) {
	w := &wire{takes: time.Second}
	overWire(t, w, func(g *WithT, c *Client) {
		ctx, cancel := context.WithCancel(context.Background())
		var removal, read error
		first := starting(1, func(n int) { _ = get(c)(n) })
		leaving := starting(2, func(n int) {
			if n == 0 {
				removal = c.RemoveMember(ctx, groupID, userID)
			} else {
				_, read = c.GetUser(ctx, userID)
			}
		})
		errs := make([]error, 3)
		staying := starting(3, func(n int) { errs[n] = get(c)(n) })
		time.Sleep(500 * time.Millisecond)
		g.Expect(w.sizes()).To(Equal([]int{0, 5}))
		cancel()
		leaving()
		g.Expect(directory.ClassOf(removal)).To(Equal(directory.OutcomeUnknown), "%v", removal)
		g.Expect(directory.ClassOf(read)).To(Equal(directory.Unavailable), "%v", read)
		g.Expect(read).To(MatchError(context.Canceled))
		staying()
		first()
		g.Expect(errs).To(HaveEach(Succeed()))
	})
}

func TestABatchEndsWhenItsLastCallerHasGivenUp(t *testing.T) {
	w := &wire{}
	var ended error
	overWire(t, w, func(g *WithT, c *Client) {
		w.fail = func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			ended = context.Cause(r.Context())
			return nil, ended
		}
		ctx, cancel := context.WithCancel(context.Background())
		wait := starting(3, func(n int) { _, _ = c.GetUser(ctx, person(n)) })
		time.Sleep(w.takes)
		synctest.Wait()
		g.Expect(ended).NotTo(HaveOccurred())
		cancel()
		wait()
		synctest.Wait()
		g.Expect(ended).To(MatchError(context.Canceled))
	})
}

// A removal has been waiting for 10 of its 30 seconds when it leaves together with reads that have just come.
func TestNoWriteOutlivesItsCallersDeadlineInABatch(t *testing.T) {
	w := &wire{}
	var end time.Time
	overWire(t, w, func(g *WithT, c *Client) {
		w.fail = func(r *http.Request) (*http.Response, error) {
			end, _ = r.Context().Deadline()
			return nil, context.DeadlineExceeded
		}
		start := time.Now()
		ctx, cancel := context.WithDeadline(context.Background(), start.Add(20*time.Second))
		defer cancel()
		wait := starting(2, func(n int) { _ = get(c)(n) })
		removing := starting(1, func(int) { _ = c.RemoveMember(ctx, groupID, userID) })
		wait()
		removing()
		g.Expect(end).To(Equal(start.Add(20 * time.Second)))
	})
}

func TestAWriteWithLittleTimeLeftGoesAlone(t *testing.T) {
	w := &wire{}
	overWire(t, w, func(g *WithT, c *Client) {
		ctx, cancel := context.WithTimeout(context.Background(), 14*time.Second)
		defer cancel()
		wait := starting(2, func(n int) { _ = get(c)(n) })
		removing := starting(1, func(int) { _ = c.RemoveMember(ctx, groupID, userID) })
		g.Expect(w.sizes()).To(Equal([]int{0, 0}))
		removing()
		wait()
	})
}
