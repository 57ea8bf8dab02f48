package graphsim

import (
	"fmt"
	"time"
)

// settings are what POST /sim/settings changes at run time; what is absent stays.
type settings struct {
	// Latency is a Go duration, such as 100ms.
	Latency *string `json:"latency"`
	// Quota is none, S, M or L, with full buckets.
	Quota *string `json:"quota"`
	// InvitationsOutsideWriteQuota goes with Quota.
	InvitationsOutsideWriteQuota bool `json:"invitationsOutsideWriteQuota"`
	// SilentDelta is Behaviour.SilentDelta.
	SilentDelta *bool `json:"silentDelta"`
	// EntitlementGrantWording, DefaultAccessAlways and MemberAsGuest are those of
	// Behaviour.
	EntitlementGrantWording *bool `json:"entitlementGrantWording"`
	DefaultAccessAlways     *bool `json:"defaultAccessAlways"`
	MemberAsGuest           *bool `json:"memberAsGuest"`
}

// configure changes the switches that are asked for.
func (s settings) configure(b *Behaviour) {
	for _, change := range []struct{ into, asked *bool }{
		{&b.SilentDelta, s.SilentDelta},
		{&b.EntitlementGrantWording, s.EntitlementGrantWording},
		{&b.DefaultAccessAlways, s.DefaultAccessAlways},
		{&b.MemberAsGuest, s.MemberAsGuest},
	} {
		if change.asked != nil {
			*change.into = *change.asked
		}
	}
}

// apply changes all that is asked for, or nothing.
func (t *Tenant) apply(s settings) error {
	var latency time.Duration
	var quota Quota
	var err error
	if s.Latency != nil {
		if latency, err = time.ParseDuration(*s.Latency); err != nil {
			return fmt.Errorf("reading the latency: %w", err)
		}
	}
	if s.Quota != nil {
		if quota, err = QuotaOf(*s.Quota); err != nil {
			return fmt.Errorf("reading the quota: %w", err)
		}
		quota.InvitationsOutside = s.InvitationsOutsideWriteQuota
	}
	if s.Latency != nil {
		t.SetLatency(latency)
	}
	if s.Quota != nil {
		t.SetQuota(quota)
	}
	t.Configure(s.configure)
	return nil
}
