package mirror

import (
	"context"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// syncUsers takes in what has changed among the guests, or everything where there is no link to go on from, and sees to the
// safety net.
func (m *Mirror) syncUsers(ctx context.Context) error {
	if m.link == "" {
		return m.startUsers(ctx)
	}
	err := m.followUsers(ctx)
	if directory.HasDetail(err, directory.ResyncRequired) {
		m.link = ""
		return m.startUsers(ctx)
	}
	if directory.Is(err, directory.Throttled) {
		return err
	}
	return first(err, m.checkUsers(ctx))
}

// startUsers takes the link before the list, so that what happens during the listing is told afterwards.
func (m *Mirror) startUsers(ctx context.Context) error {
	link, err := m.source.LatestUsers(ctx)
	if err != nil {
		return err
	}
	if err := m.listUsers(ctx); err != nil {
		return err
	}
	m.link = link
	return m.followUsers(ctx)
}

// followUsers takes in what has changed since the link was taken.
func (m *Mirror) followUsers(ctx context.Context) error {
	var changes []directory.UserChange
	collected := map[string]bool{}
	link, err := m.source.UserChanges(ctx, m.link, func(page []directory.UserChange) error {
		m.mu.RLock()
		defer m.mu.RUnlock()
		for _, change := range page {
			id := change.User.ID
			if collected[id] || m.users.knows(id) || !change.Removed && invited(change.User) { // employees cost nothing
				collected[id] = true
				changes = append(changes, change)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.takeUsers(func(in *intake[guest]) {
		for _, change := range changes {
			if change.Removed {
				in.report(change.User.ID, state[guest]{})
				continue
			}
			known, present := in.get(change.User.ID)
			in.report(change.User.ID, state[guest]{known.after(change.User, present), true})
		}
	})
	m.link = link
	return nil
}

// listUsers takes in the full list of guests.
func (m *Mirror) listUsers(ctx context.Context) error {
	begin, listing := m.options.Now(), map[string]guest{}
	err := m.source.ListGuests(ctx, func(page []directory.User) error {
		for _, user := range page {
			listing[user.ID] = guestOf(user)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.takeUsers(func(in *intake[guest]) { in.replace(listing) })
	m.net.listed(begin)
	m.mu.Lock()
	m.full = m.options.Now()
	m.mu.Unlock()
	return nil
}

// takeUsers takes reports in and notifies of what they change: of everybody, where nobody could be read before.
func (m *Mirror) takeUsers(reports func(*intake[guest])) {
	m.mu.Lock()
	before := m.users.listed
	in := m.users.intake()
	reports(in)
	changed := in.end(m.options.Now())
	listed := m.users.listed
	m.mu.Unlock()
	if listed && !before {
		m.options.Notify([]Change{{Everything: true}})
		return
	}
	m.tell(changed, "")
}
