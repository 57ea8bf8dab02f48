package directory

import "log/slog"

// hidden is all that a Secret shows of itself.
const hidden = "[redacted]"

// Secret is a text that gives access to whoever has it. It shows itself nowhere by accident: not when formatted, encoded or
// logged, nor as a field of something that is. Two of them are compared by what Reveal gives. The zero value holds "".
type Secret struct {
	// A pointer, since package fmt goes into unexported fields without asking for their String, but not behind pointers.
	text *string
}

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal gives the text itself, for where it was asked for and for nothing else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String hides the text from fmt and from loggers.
func (Secret) String() string { return hidden }

// GoString hides the text from %#v.
func (Secret) GoString() string { return hidden }

// LogValue hides the text from structured loggers.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the text from JSON and YAML encoders.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
