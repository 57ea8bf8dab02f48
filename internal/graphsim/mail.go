package graphsim

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Mail is an invitation as its recipient gets it.
type Mail struct {
	From         string    `json:"from"`
	To           string    `json:"to"`
	Cc           string    `json:"cc,omitempty"`
	Subject      string    `json:"subject"`
	Language     string    `json:"language"`
	Time         time.Time `json:"time"`
	InvitationID string    `json:"invitationId"`
	UserID       string    `json:"userId"`
	// RedirectURL is where the guest lands after accepting.
	RedirectURL string `json:"redirectUrl"`
	// RedeemPath is the link on the simulator's own page.
	RedeemPath string `json:"redeemPath"`
	// Ticket is what the link carries.
	Ticket string `json:"ticket"`

	organisation string
}

// invitationSender is the address that Microsoft's public cloud sends from.
const invitationSender = "invites@microsoft.com"

// sendMail delivers an invitation. An application has no mailbox, so that the
// service leaves its customizedMessageBody out.
func (t *Tenant) sendMail(in *invitation, inv *ticket) {
	language := "en-US"
	mail := &Mail{
		From: invitationSender, To: in.InvitedUserEmailAddress, Time: t.now(),
		InvitationID: inv.invitationID, UserID: inv.userID, RedirectURL: inv.redirectURL,
		Ticket: inv.value, RedeemPath: "/redeem?ticket=" + url.QueryEscape(inv.value), organisation: t.options.DisplayName,
	}
	if info := in.MessageInfo; info != nil {
		language = orElse(info.MessageLanguage, language)
		mail.Cc = info.copyTo()
	}
	mail.Language = language
	mail.Subject = wordsIn(language).subject(t.options.DisplayName)
	t.mails = append(t.mails, mail)
	record := MailRecord{mail.InvitationID, mail.UserID, language, mail.Time}
	address := strings.ToLower(mail.To)
	t.ledger.Mails[address] = append(t.ledger.Mails[address], record)
	if inCopy := strings.ToLower(mail.Cc); inCopy != "" {
		t.ledger.Copies[inCopy] = append(t.ledger.Copies[inCopy], record)
	}
	t.ledger.counts.mails++
	t.ledger.counts.mostMails = max(t.ledger.counts.mostMails, len(t.ledger.Mails[address]))
}

// copyTo is the address that gets a copy, if any.
func (m *messageInfo) copyTo() string {
	if len(m.CcRecipients) != 1 {
		return ""
	}
	return m.CcRecipients[0].EmailAddress.Address
}

// reaches reports whether the mail lies in the mailbox of the address.
func (m *Mail) reaches(address string) bool {
	return strings.EqualFold(m.To, address) || m.Cc != "" && strings.EqualFold(m.Cc, address)
}

// Mailbox returns the mails of an address, copies included, oldest first; of all
// addresses if empty, each mail once.
func (t *Tenant) Mailbox(address string) []Mail {
	t.mu.Lock()
	defer t.mu.Unlock()
	var box []Mail
	for _, mail := range t.mails {
		if address == "" || mail.reaches(address) {
			box = append(box, *mail)
		}
	}
	return slices.Clip(box)
}
