package graphsim

import "strings"

// words are the parts of an invitation in one language.
type words struct {
	title, intro, invitedBy, question, accept, landing, footer string
	// consent is the heading of the page that the link leads to, permits what the
	// guest agrees to, cancel the way back, target what precedes the redirect.
	consent, permit, cancel, target string
	permits                         []string
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
		consent: "{org} asks for your consent", permit: "As its guest you let the organization", cancel: "Cancel", target: "You would now be sent to",
		permits: []string{"see your name, your e-mail address and your photo", "record what you do in its applications", "use these data under its own privacy terms"},
		landing: "You have joined {org} as a guest.", footer: "Sent on behalf of {org} by Microsoft Invitations.",
	},
	"de": {
		title: "{org} lädt Sie als Gast ein", intro: "Folgen Sie dieser Einladung nur, wenn Sie die unten genannte Organisation kennen und ihr vertrauen.",
		invitedBy: "Organisation", question: "Nach der Annahme gelangen Sie zu", accept: "Einladung annehmen",
		consent: "{org} bittet um Ihre Zustimmung", permit: "Als Gast erlauben Sie der Organisation,", cancel: "Abbrechen", target: "Sie würden jetzt weitergeleitet zu",
		permits: []string{"Ihren Namen, Ihre E-Mail-Adresse und Ihr Foto zu sehen", "aufzuzeichnen, was Sie in ihren Anwendungen tun", "diese Daten nach ihren eigenen Datenschutzregeln zu verwenden"},
		landing: "Sie sind jetzt Gast bei {org}.", footer: "Im Auftrag von {org} gesendet von Microsoft Invitations.",
	},
	"fr": {
		title: "{org} vous invite", intro: "N’acceptez que si vous connaissez l’organisation ci-dessous et lui faites confiance.",
		invitedBy: "Organisation", question: "Après avoir accepté, vous serez dirigé vers", accept: "Accepter l’invitation",
		consent: "{org} demande votre accord", permit: "En tant qu’invité, vous autorisez l’organisation à", cancel: "Annuler", target: "Vous seriez maintenant dirigé vers",
		permits: []string{"voir votre nom, votre adresse e-mail et votre photo", "enregistrer ce que vous faites dans ses applications", "utiliser ces données selon ses propres règles de confidentialité"},
		landing: "Vous êtes désormais invité chez {org}.", footer: "Envoyé au nom de {org} par Microsoft Invitations.",
	},
}
