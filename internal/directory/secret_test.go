package directory_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

const secret = "https://login.example/redeem?rd=bearer"

func TestASecretIsNeverFormatted(t *testing.T) {
	link := directory.NewSecret(secret)
	holders := map[string]any{
		"the link": link, "a pointer": &link, "an answer": directory.Invited{UserID: "1", RedeemURL: link},
		"a pointer to an answer": &directory.Invited{UserID: "1", RedeemURL: link},
		"an unexported field":    struct{ link directory.Secret }{link},
		"a field of a pointer":   &struct{ link directory.Secret }{link},
		"a slice":                []directory.Secret{link}, "a key": map[directory.Secret]int{link: 1},
	}
	for name, holder := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
			t.Run(name+" as "+verb, func(t *testing.T) {
				g, shown := NewWithT(t), fmt.Sprintf(verb, holder)
				g.Expect(shown).NotTo(ContainSubstring("bearer"))
				g.Expect(shown).NotTo(MatchRegexp(fmt.Sprintf("(?i)%x", "bearer")))
			})
		}
	}
	NewWithT(t).Expect(fmt.Sprint(link)).To(Equal("[redacted]"))
}

func TestASecretIsNeverEncoded(t *testing.T) {
	g := NewWithT(t)
	answer := directory.Invited{UserID: "1", RedeemURL: directory.NewSecret(secret)}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		for _, holder := range []any{answer, &answer, answer.RedeemURL} {
			text, err := encode(holder)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(text)).To(ContainSubstring("[redacted]"))
			g.Expect(string(text)).NotTo(ContainSubstring("bearer"))
		}
	}
}

func TestASecretIsNeverLogged(t *testing.T) {
	answer := directory.Invited{UserID: "1", RedeemURL: directory.NewSecret(secret)}
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) },
		"JSON": func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) },
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			g, out := NewWithT(t), &bytes.Buffer{}
			slog.New(handler(out)).Info("Invited", "link", answer.RedeemURL, "answer", answer, "pointer", &answer)
			logr.FromSlogHandler(handler(out)).Info("Invited", "link", answer.RedeemURL, "answer", answer)
			g.Expect(out.String()).To(ContainSubstring("[redacted]"))
			g.Expect(out.String()).NotTo(ContainSubstring("bearer"))
		})
	}
}

func TestASecretIsRevealedToWhoAsksForIt(t *testing.T) {
	g := NewWithT(t)
	g.Expect(directory.NewSecret(secret).Reveal()).To(Equal(secret))
	g.Expect(directory.Secret{}.Reveal()).To(BeEmpty())
}
