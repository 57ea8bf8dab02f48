package controllers

import (
	"time"

	"github.com/entraguests/entra-guest-operator/internal/directory"
	"github.com/entraguests/entra-guest-operator/internal/lifecycle"
)

// decideReminder reminds a guest who has not redeemed, when the author's spec says so; nil where no reminder is due.
func (k *guestKind) decideReminder(life *guestLife, user directory.User) *lifecycle.Decision {
	if wait, ok := k.untilReminder(life, user); !ok || wait > 0 || k.untilAgain(life) > 0 {
		return nil
	}
	decision := lifecycle.Do(k.anotherStep(life, user, k.reminder(life)))
	return &decision
}

// untilReminder is how long the next reminder has to wait, 0 or less where it is due; ok is false where there is none to come. It
// rests on the record alone, so that a restart changes nothing about it.
func (k *guestKind) untilReminder(life *guestLife, user directory.User) (wait time.Duration, ok bool) {
	if life.author == nil || !pending(user) || partial(user) {
		return 0, false
	}
	wanted := life.author.Spec.Reminders
	last := life.record.lastMail()
	switch {
	case wanted == nil, !life.author.Spec.Message.Wanted(), last.IsZero(), life.record.reminders() >= wanted.MaxCount:
		return 0, false
	}
	if since := life.record.Author.Since; since.After(last) { // a change of author sends no mail
		last = since
	}
	return last.Add(time.Duration(wanted.AfterDays) * 24 * time.Hour).Sub(k.Now()), true
}

// reminder is the next one. Its number counts as used from the announcement on: where the answer is lost, the next number follows in its
// time.
func (k *guestKind) reminder(life *guestLife) another {
	number := life.record.reminders() + 1
	return another{
		name: "a reminder", cause: causeReminder,
		announce: func(next *attempt) { next.Reminder = number },
		undo:     func() {},
		tell:     func() { k.Events.Reminded(life.author, number, life.author.Spec.Reminders.MaxCount) },
	}
}
