package graphsim

import (
	"slices"
	"strings"
)

// sequenced is anything with a place in the order of creation. Graph documents no
// order for its lists; the order of creation makes paging stable under writes.
type sequenced interface{ sequence() uint64 }

// ordered keeps items sorted by sequence, so that a page starts with a binary
// search and nothing is sorted per request.
type ordered[T sequenced] struct{ items []T }

func (o *ordered[T]) search(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(o.items, seq, func(item T, seq uint64) int {
		switch s := item.sequence(); {
		case s < seq:
			return -1
		case s > seq:
			return 1
		}
		return 0
	})
}

// after returns the items that follow the sequence number.
func (o *ordered[T]) after(seq uint64) []T {
	i, found := o.search(seq)
	if found {
		i++
	}
	return o.items[i:]
}

func (o *ordered[T]) insert(item T) {
	if i, found := o.search(item.sequence()); !found {
		o.items = slices.Insert(o.items, i, item)
	}
}

func (o *ordered[T]) remove(item T) {
	if i, found := o.search(item.sequence()); found {
		o.items = slices.Delete(o.items, i, i+1)
	}
}

// index finds users by a value, compared without case as the directory does.
type index map[string][]*user

func (x index) add(key string, u *user) {
	if key = strings.ToLower(key); key != "" && !slices.Contains(x[key], u) {
		x[key] = append(x[key], u)
	}
}

func (x index) remove(key string, u *user) {
	key = strings.ToLower(key)
	rest := slices.DeleteFunc(slices.Clone(x[key]), func(other *user) bool { return other == u })
	if len(rest) == 0 {
		delete(x, key)
		return
	}
	x[key] = rest
}

func (x index) find(key string) []*user { return x[strings.ToLower(key)] }

// userSet is the users of one state (live, or soft-deleted), findable by every
// property that identifies a person.
type userSet struct {
	byID    map[string]*user
	ordered ordered[*user]
	byMail  index
	byUPN   index
	byOther index
	byProxy index
}

func newUserSet() *userSet {
	return &userSet{byID: map[string]*user{}, byMail: index{}, byUPN: index{}, byOther: index{}, byProxy: index{}}
}

func (s *userSet) add(u *user) {
	s.byID[u.ID] = u
	s.ordered.insert(u)
	s.index(u)
}

func (s *userSet) index(u *user) {
	s.byMail.add(u.Mail, u)
	s.byUPN.add(u.UserPrincipalName, u)
	for _, address := range u.OtherMails {
		s.byOther.add(address, u)
	}
	for _, address := range u.ProxyAddresses {
		s.byProxy.add(address, u)
	}
}

func (s *userSet) remove(u *user) {
	delete(s.byID, u.ID)
	s.ordered.remove(u)
	s.unindex(u)
}

func (s *userSet) unindex(u *user) {
	s.byMail.remove(u.Mail, u)
	s.byUPN.remove(u.UserPrincipalName, u)
	for _, address := range u.OtherMails {
		s.byOther.remove(address, u)
	}
	for _, address := range u.ProxyAddresses {
		s.byProxy.remove(address, u)
	}
}

// change applies edit, which leaves the id alone, and keeps the indexes true to what
// it did.
func (s *userSet) change(u *user, edit func(*User)) {
	s.unindex(u)
	edit(&u.User)
	s.index(u)
}

// byAddress returns the users that have the address as mail, other mail or proxy
// address, each once.
func (s *userSet) byAddress(address string) []*user {
	found := slices.Concat(s.byMail.find(address), s.byOther.find(address), s.byProxy.find("smtp:"+address))
	return inOrder(found, 0)
}
