package additions

import (
	"context"
	"sync"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// isMemberUnits is what it costs to ask for one member: listing members costs three units, one less for selected properties.
// https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
const isMemberUnits = 2

// delivery is what became of one sender's passengers.
type delivery struct {
	*Queue
	group, lane string
	// refused is what the directory said that concerns every addition: nothing more is sent.
	refused error
}

// send waits for a turn, picks its passengers only then, so that whoever came meanwhile comes along, and sends them.
func (q *Queue) send(ctx context.Context, d departure) {
	defer q.back(d.stop)
	turn, err := q.budget.Acquire(ctx, d.lane, budget.Grant, budget.Cost{Writes: 1, Units: 1})
	defer turn.End()
	picked := q.pick(d.stop)
	if err != nil || len(picked) == 0 {
		return // the budget has no other error than that of ctx: nothing more is sent
	}
	to := &delivery{Queue: q, group: d.stop.group, lane: d.lane}
	err = to.write(ctx, turn, picked)
	if !to.concludes(picked, err) {
		to.sift(ctx, picked, err)
	}
}

// write sends one request.
func (d *delivery) write(ctx context.Context, turn *budget.Turn, some []*addition) error {
	defer turn.End()
	users := make([]string, 0, len(some))
	for _, a := range some {
		users = append(users, a.user)
	}
	return d.groups.AddMembers(turn.In(ctx), d.group, users)
}

// concludes settles what an outcome decides for everybody aboard. A refusal that a single member can have caused decides nothing
// for others.
func (d *delivery) concludes(some []*addition, err error) bool {
	class := directory.ClassOf(err)
	switch {
	case err == nil, len(some) == 1 && directory.HasDetail(err, directory.AlreadyMember):
		d.settle(some, nil)
		return true
	case class == directory.Invalid || class == directory.NotFound:
		if len(some) > 1 {
			return false
		}
	case class != directory.OutcomeUnknown:
		d.refused = err
	}
	d.settle(some, err)
	return true
}

// sift finds out whom a refusal concerns. Those who are in the group already are done. The others are sent again: together where
// that was all, else in halves.
func (d *delivery) sift(ctx context.Context, refused []*addition, err error) {
	rest := d.absent(ctx, refused, err)
	switch {
	case len(rest) == 0:
	case len(rest) < len(refused):
		d.add(ctx, rest)
	default:
		d.halve(ctx, rest)
	}
}

// add sends additions, and finds out whom a refusal concerns. It reports whether all went through.
func (d *delivery) add(ctx context.Context, some []*addition) bool {
	err := d.refused
	if err == nil {
		var turn *budget.Turn
		if turn, err = d.budget.Acquire(ctx, d.lane, budget.Grant, budget.Cost{Writes: 1, Units: 1}); err != nil {
			d.refused = err // of ctx
		} else {
			err = d.write(ctx, turn, some)
		}
	}
	if !d.concludes(some, err) {
		d.halve(ctx, some)
	}
	return err == nil
}

// halve sends additions of which at least one is refused in two halves. If the first goes through, whoever it is is in the second, which
// is then not tried as a whole: one among twenty is found with eight requests at most.
func (d *delivery) halve(ctx context.Context, refused []*addition) {
	first, second := refused[:len(refused)/2], refused[len(refused)/2:]
	if d.add(ctx, first) && len(second) > 1 {
		d.halve(ctx, second)
		return
	}
	d.add(ctx, second)
}

// absent asks of each whether it is in the group, all at the same time, so that the questions can share a request, and gives those
// who are not. One whose question fails fails; where the group itself is not found, that is what the refusal was about.
func (d *delivery) absent(ctx context.Context, some []*addition, refusal error) (rest []*addition) {
	members, errs := make([]bool, len(some)), make([]error, len(some))
	var asking sync.WaitGroup
	for i, a := range some {
		asking.Go(func() { members[i], errs[i] = d.isMember(ctx, a) })
	}
	asking.Wait()
	var present []*addition
	for i, a := range some {
		switch {
		case directory.IsNotFound(errs[i]):
			d.settle([]*addition{a}, refusal)
		case errs[i] != nil:
			d.settle([]*addition{a}, errs[i])
		case members[i]:
			present = append(present, a)
		default:
			rest = append(rest, a)
		}
	}
	d.settle(present, nil)
	return rest
}

func (d *delivery) isMember(ctx context.Context, a *addition) (bool, error) {
	turn, err := d.budget.Acquire(ctx, d.lane, budget.Grant, budget.Cost{Units: isMemberUnits})
	if err != nil {
		return false, err
	}
	defer turn.End()
	return d.groups.IsMember(turn.In(ctx), a.group, a.user)
}
