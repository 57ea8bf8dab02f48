package graphsim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// deltaToken is what a link of a delta query carries: where the client is, and the
// options of its first request.
type deltaToken struct {
	Generation string `json:"g"` // of tokens: an older one is good no more
	Set        string `json:"s"`
	Issued     int64  `json:"i"` // Unix seconds
	// From is the first entry of the feed that is still to be shown, in this round up
	// to Upto. Listing rounds show all objects instead, those after the place.
	From    uint64 `json:"f"`
	Upto    uint64 `json:"u,omitempty"`
	Round   bool   `json:"r,omitempty"` // one is under way
	Listing bool   `json:"l,omitempty"`
	place
	Select string   `json:"p,omitempty"`
	IDs    []string `json:"d,omitempty"`
}

// place is how far a listing has come: after an object, and after a member of the
// object that is being shown in parts.
type place struct {
	After  uint64 `json:"a,omitempty"`
	Part   uint64 `json:"o,omitempty"`
	Member uint64 `json:"m,omitempty"`
}

func (d deltaToken) encode() string {
	raw, _ := json.Marshal(d) // plain values cannot fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// deltaToken reads a token of the set, and refuses one that has become too old or
// whose state is gone.
func (x *exchange) deltaToken(set *deltaSet, text string) (deltaToken, *apiError) {
	var token deltaToken
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	err := json.Unmarshal(raw, &token)
	f, oldest := set.feed(x.t), x.t.now().Add(-tokenLife).Unix()
	if err != nil || token.Generation != x.t.deltaGeneration || token.Set != set.resource.set ||
		token.Issued < oldest || token.From < f.first || token.From > f.next() || token.Upto > f.next() {
		return token, x.resync()
	}
	return token, nil
}

// resync tells the client to start anew: as the service does for directory objects,
// with the address to start at, or by the code that Behaviour asks for.
func (x *exchange) resync() *apiError {
	const message = "The sync state generation is not found; a full synchronization is required."
	if code := x.t.behaviour.DeltaRefusal; code != "" {
		return refuse(http.StatusBadRequest, code, message)
	}
	x.extra.Set("Location", x.deltaLink("$deltatoken", ""))
	return refuse(http.StatusGone, "SyncStateNotFound", message)
}

// deltaLink is the address of the query with nothing but a token.
func (x *exchange) deltaLink(option, token string) string {
	return orElse(x.t.behaviour.DeltaLinkHost, x.origin()) + x.r.URL.EscapedPath() + "?" + option + "=" + token
}

// ExpireDeltaTokens makes the tenant forget all tokens of delta queries so far, as
// the service does when it moves a tenant.
func (t *Tenant) ExpireDeltaTokens() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deltaGeneration = ""
	t.userFeed.issued, t.groupFeed.issued = time.Time{}, time.Time{}
}
