package graphsim

import (
	"strconv"
	"strings"
)

// cost is what one call draws from the quotas.
type cost struct{ units, writes, invitations int }

// cost of the call: $select makes it cheaper by one unit and $expand dearer, a $top
// below 20 cheaper again, and never below one. Only getByIds has a price of its own
// with $select.
func (x *exchange) cost() cost {
	c := cost{units: x.route.units}
	if x.route.writes {
		c.writes = 1
	}
	if x.route.template == invitationsPath {
		if x.t.meters.quota.InvitationsOutside {
			return cost{invitations: 1}
		}
		c.invitations = 1
	}
	if x.r.URL.RawQuery == "" {
		return c
	}
	options, _ := x.options() // what is wrong with them is refused later
	if options["$select"] != "" {
		c.units--
		if strings.HasSuffix(x.route.template, "/getByIds") {
			c.units = 2
		}
	}
	if options["$expand"] != "" {
		c.units++
	}
	if top, err := strconv.Atoi(options["$top"]); err == nil && top < 20 {
		c.units--
	}
	c.units = max(1, c.units)
	return c
}
