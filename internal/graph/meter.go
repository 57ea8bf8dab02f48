package graph

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	kiotahttp "github.com/microsoft/kiota-http-go"

	"github.com/entraguests/entra-guest-operator/internal/budget"
	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// meter has each request enter the tenant's budget, and the budget learn from its answer. It stands above whatever puts requests
// together, since the directory counts and throttles each of them by itself.
type meter struct {
	budget *budget.Budget
	now    clock
}

// Intercept lets the request pass when the budget does, or has it fail.
func (m *meter) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	op := exchangeOf(ctx).operation
	class, cost := op.demand(request.Method)
	pass, err := m.budget.Enter(ctx, budget.Request{Operation: string(op), Class: class, Cost: cost})
	if err != nil {
		return nil, err
	}
	defer pass.Leave() // after a panic too: others may be waiting for this one
	request = request.WithContext(pass.In(ctx))
	request.Header.Set("x-ms-throttle-priority", priority(pass.Class()))
	response, err := pipeline.Next(request, next)
	if err != nil {
		sent := canHaveBeenSent(err)
		if ctx.Err() != nil {
			pass.Failed(nil, sent) // only this caller has given up
		} else {
			pass.Failed(err, sent)
		}
		return nil, err
	}
	pass.Answered(answerOf(response, m.now()))
	return response, nil
}

// priority tells Graph what to throttle last.
// https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
func priority(class budget.Class) string {
	switch class {
	case budget.TakeAway:
		return "High"
	case budget.Routine:
		return "Low"
	}
	return "Normal"
}

func canHaveBeenSent(err error) bool {
	if _, ok := errors.AsType[*notSent](err); ok {
		return false
	}
	known, ok := errors.AsType[*directory.Error](err) // the token's, or the budget's own
	return !ok || known.Class == directory.OutcomeUnknown
}

// latch is the last look at the budget, next to the wire: getting a token, or company for a batch, can have taken a while, and the
// directory can have asked to wait meanwhile.
type latch struct{ budget *budget.Budget }

// Intercept sends the request on if it may still be sent.
func (l *latch) Intercept(pipeline kiotahttp.Pipeline, next int, request *http.Request) (*http.Response, error) {
	if err := l.budget.Check(request.Context()); err != nil {
		return nil, err
	}
	return pipeline.Next(request, next)
}

// answerOf reads what an answer tells of the quotas.
// https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
func answerOf(response *http.Response, now time.Time) (answer budget.Answer) {
	header := response.Header
	if wait, throttled := throttledFor(response, now); throttled {
		answer.Wait = wait
		answer.TooMany = response.StatusCode == http.StatusTooManyRequests
		answer.WritesOnly = writesOnly(header.Get("x-ms-throttle-scope"))
	}
	switch strings.ToLower(header.Get("x-ms-throttle-information")) {
	case "writelimitexceeded":
		answer.Exceeded = budget.Writes
	case "resourceunitlimitexceeded":
		answer.Exceeded = budget.Units
	}
	if used, err := strconv.ParseFloat(header.Get("x-ms-throttle-limit-percentage"), 64); err == nil && used > 0 {
		answer.Used = min(used, mostUsed)
	}
	answer.Units, _ = strconv.Atoi(header.Get("x-ms-resource-unit"))
	return answer
}

// mostUsed is the highest x-ms-throttle-limit-percentage there is.
const mostUsed = 1.8

// writesOnly reads <scope>/<limit>/<application>/<tenant>, where limit is Read, Write or ReadWrite.
func writesOnly(scope string) bool {
	parts := strings.Split(scope, "/")
	return len(parts) > 1 && strings.EqualFold(strings.TrimSpace(parts[1]), "Write")
}

// throttledFor tells how long an answer asks to wait.
func throttledFor(response *http.Response, now time.Time) (time.Duration, bool) {
	wait, said := retryAfter(response.Header, now)
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		if !said {
			wait = defaultRetryAfter
		}
		return wait, true
	case http.StatusServiceUnavailable:
		return wait, said
	}
	return 0, false
}
