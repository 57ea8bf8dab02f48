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
		if len(info.CcRecipients) == 1 {
			mail.Cc = info.CcRecipients[0].EmailAddress.Address
		}
	}
	mail.Language = language
	mail.Subject = wordsIn(language).subject(t.options.DisplayName)
	t.mails = append(t.mails, mail)
	address := strings.ToLower(mail.To)
	t.ledger.Mails[address] = append(t.ledger.Mails[address], MailRecord{mail.InvitationID, mail.UserID, language, mail.Time})
}

// Mailbox returns the mails of an address, oldest first; of all addresses if empty.
func (t *Tenant) Mailbox(address string) []Mail {
	t.mu.Lock()
	defer t.mu.Unlock()
	var box []Mail
	for _, mail := range t.mails {
		if address == "" || strings.EqualFold(mail.To, address) {
			box = append(box, *mail)
		}
	}
	return slices.Clip(box)
}

// words are the parts of an invitation in one language.
type words struct {
	title, intro, invitedBy, question, accept, landing, footer string
}

func (w words) subject(organisation string) string {
	return strings.ReplaceAll(w.title, "{org}", organisation)
}

// wordsIn picks a language by its tag, English where it is not spoken here.
func wordsIn(tag string) words {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if w, spoken := languages[primary]; spoken {
		return w
	}
	return languages["en"]
}

var languages = map[string]words{
	"en": {
		title: "{org} invites you as a guest", intro: "Act on this mail only if you know and trust the organization below.",
		invitedBy: "Organization", question: "After accepting you will be taken to", accept: "Accept invitation",
		landing: "You have joined {org} as a guest.", footer: "Sent on behalf of {org} by Microsoft Invitations.",
	},
	"de": {
		title: "{org} lädt Sie als Gast ein", intro: "Folgen Sie dieser Einladung nur, wenn Sie die unten genannte Organisation kennen und ihr vertrauen.",
		invitedBy: "Organisation", question: "Nach der Annahme gelangen Sie zu", accept: "Einladung annehmen",
		landing: "Sie sind jetzt Gast bei {org}.", footer: "Im Auftrag von {org} gesendet von Microsoft Invitations.",
	},
	"fr": {
		title: "{org} vous invite", intro: "N’acceptez que si vous connaissez l’organisation ci-dessous et lui faites confiance.",
		invitedBy: "Organisation", question: "Après avoir accepté, vous serez dirigé vers", accept: "Accepter l’invitation",
		landing: "Vous êtes désormais invité chez {org}.", footer: "Envoyé au nom de {org} par Microsoft Invitations.",
	},
}
