package graphsim

import (
	"fmt"
	"strings"
)

type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenWord             // a name, keyword, number, date or GUID
	tokenString           // 'quoted', with '' for a quote
	tokenPunct            // ( ) , : /
)

type filterToken struct {
	kind tokenKind
	text string
	at   int
}

// lexFilter splits a $filter into tokens.
func lexFilter(source string) ([]filterToken, error) {
	var tokens []filterToken
	for i := 0; i < len(source); {
		switch c := source[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '\'':
			value, end, err := lexString(source, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, filterToken{tokenString, value, i})
			i = end
		case strings.IndexByte("(),:/", c) >= 0:
			tokens = append(tokens, filterToken{tokenPunct, string(c), i})
			i++
		case isWordByte(c):
			end := lexWord(source, i)
			tokens = append(tokens, filterToken{tokenWord, source[i:end], i})
			i = end
		default:
			return nil, syntaxError(source, i)
		}
	}
	return append(tokens, filterToken{tokenEnd, "", len(source)}), nil
}

func lexString(source string, start int) (value string, end int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(source); i++ {
		if source[i] != '\'' {
			b.WriteByte(source[i])
			continue
		}
		if i+1 < len(source) && source[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, filterErrorf("There is an unterminated string literal at position %d in '%s'.", len(source), source)
}

// lexWord takes a name, or a literal that starts with a digit and may then hold
// colons, as a date does.
func lexWord(source string, start int) int {
	literal := source[start] >= '0' && source[start] <= '9'
	end := start
	for end < len(source) && (isWordByte(source[end]) || literal && strings.IndexByte(":+", source[end]) >= 0) {
		end++
	}
	return end
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '$'
}

// filterError is in the words of the service, which writes whole sentences.
type filterError string

func (e filterError) Error() string { return string(e) }

func filterErrorf(format string, args ...any) error { return filterError(fmt.Sprintf(format, args...)) }

func syntaxError(source string, at int) error {
	return filterErrorf("Syntax error at position %d in '%s'.", at, source)
}
