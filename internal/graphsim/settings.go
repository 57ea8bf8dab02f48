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
	if s.SilentDelta != nil {
		t.Configure(func(b *Behaviour) { b.SilentDelta = *s.SilentDelta })
	}
	return nil
}
