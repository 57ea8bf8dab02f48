package main

import (
	"context"
	"fmt"
	"os/exec"
)

// stay applies the samples and leaves the rest to a person, until Ctrl-C or the end of the manager.
func stay(ctx context.Context, s *stage) error {
	s.screen.title("Applying the samples: one partner, invited and in a group")
	if _, err := s.applySamples(ctx); err != nil {
		return err
	}
	s.screen.title("Ready for you")
	for _, line := range s.invitationToTry() {
		s.screen.say("%s", line)
	}
	s.screen.title("What happens (Ctrl-C stops everything and leaves nothing behind)")
	select {
	case <-ctx.Done():
		return nil // asked for: this is how it ends
	case <-s.manager.Done():
		return s.unmet(fmt.Sprintf("the operator stays up (it has ended: %v)", s.manager.Err()))
	}
}

func (s *stage) invitationToTry() []string {
	lines := []string{
		"export KUBECONFIG=" + s.kubeconfig,
		"",
		"Mailbox   " + s.url + "/mailbox   read the mail and accept as the guest",
		"Tenant    " + s.url + "/   its users and groups as they change",
		"Ledger    " + s.url + "/sim/ledger   what really happened, as JSON",
		"Log       tail -f " + s.relative(s.manager.Log()),
		"",
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		lines = append(lines,
			"There is no kubectl here. This builds one (about a minute) and says where it is:",
			"    go run ./hack/controlplane --kubectl",
			"")
	}
	return append(lines,
		"Things to try:",
		"    kubectl get entraguests -A",
		"    kubectl -n project-42 get gi,ggm -w              (and accept the invitation in the mailbox)",
		"    kubectl -n project-42 describe gi ada",
		"    kubectl -n project-42 patch gi ada --type merge -p '{\"spec\":{\"resendToken\":\"1\"}}'",
		"    kubectl -n project-42 delete gi,ggm --all        (the guest is deleted; the Guest says so)",
		"    curl -X POST -d '{\"on\": true}' "+s.url+"/sim/admin/outage    (the directory is down until on is false)",
	)
}
