package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type mailboxPage struct {
	frame
	Address   string
	Addresses []string
	Mails     []mailView
}

// mailView is a mail in its own language, and what became of its link.
type mailView struct {
	Mail
	Title, Intro, Footer        string
	InvitedBy, Question, Accept string
	Organisation, RedirectHost  string
	Dead, Redeemed              bool
}

func (t *Tenant) mailboxPage(address string) mailboxPage {
	page := mailboxPage{frame: t.frame("mailbox", true), Address: address}
	for _, mail := range slices.Backward(t.Mailbox("")) {
		for _, holder := range []string{strings.ToLower(mail.To), strings.ToLower(mail.Cc)} {
			if holder != "" && !slices.Contains(page.Addresses, holder) {
				page.Addresses = append(page.Addresses, holder)
			}
		}
		if (address == "" || mail.reaches(address)) && len(page.Mails) < maxShown {
			page.Mails = append(page.Mails, t.mailView(mail))
		}
	}
	slices.Sort(page.Addresses)
	return page
}

func (t *Tenant) mailView(mail Mail) mailView {
	w := wordsIn(mail.Language)
	inTenant := func(s string) string { return strings.ReplaceAll(s, "{org}", mail.organisation) }
	view := mailView{
		Mail: mail, Title: inTenant(w.title), Intro: w.intro, Footer: inTenant(w.footer), InvitedBy: w.invitedBy,
		Question: w.question, Accept: w.accept, Organisation: mail.organisation, RedirectHost: hostOf(mail.RedirectURL),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	view.Dead = t.tickets[mail.Ticket] == nil
	u, err := t.liveUser(mail.UserID)
	view.Redeemed = err == nil && u.ExternalUserState == "Accepted"
	view.Dead = view.Dead || err != nil
	return view
}

func hostOf(link string) string {
	parsed, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// consentPage is the step between the link and the guest's being in.
type consentPage struct {
	frame
	Ticket      string
	Address     string
	RedirectURL string
	Landing     string
	Title       string
	Permit      string
	Permits     []string
	Accept      string
	Cancel      string
	Target      string
	Done        bool
	Problem     string
}

func (t *Tenant) consent(name string) (consentPage, int) {
	page := consentPage{frame: t.frame("redeem", false), Ticket: name}
	t.mu.Lock()
	defer t.mu.Unlock()
	inv, err := t.findTicket(name)
	if err != nil {
		page.Problem = err.Error()
		return page, http.StatusNotFound
	}
	w := wordsIn(t.languageOf(inv))
	page.Language = t.languageOf(inv)
	page.Address, page.RedirectURL, page.Accept = inv.address, inv.redirectURL, w.accept
	page.Permit, page.Permits, page.Cancel, page.Target = w.permit, w.permits, w.cancel, w.target
	page.Title = strings.ReplaceAll(w.consent, "{org}", t.options.DisplayName)
	page.Landing = strings.ReplaceAll(w.landing, "{org}", t.options.DisplayName)
	return page, http.StatusOK
}

// languageOf is the language of the mail that brought the ticket.
func (t *Tenant) languageOf(inv *ticket) string {
	for _, mail := range slices.Backward(t.mails) {
		if mail.InvitationID == inv.invitationID {
			return mail.Language
		}
	}
	return "en"
}

func (t *Tenant) showConsent(w http.ResponseWriter, r *http.Request) {
	page, status := t.consent(r.URL.Query().Get("ticket"))
	show(w, status, "redeem.html", page)
}

func (t *Tenant) acceptConsent(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	page, status := t.consent(r.PostFormValue("ticket"))
	if status == http.StatusOK {
		if _, err := t.Redeem(page.Ticket); err != nil {
			page.Problem, status = err.Error(), http.StatusConflict
		} else {
			page.Done = true
		}
	}
	show(w, status, "redeem.html", page)
}
