package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// buildManager builds the manager from the checkout and returns its path. The first time that takes minutes, for the SDK of
// Microsoft Graph is large.
func buildManager(ctx context.Context, root string, s *screen) (string, error) {
	binary := filepath.Join(root, "bin", "manager")
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-o", binary, ".")
	cmd.Dir = root
	said := &buildOutput{screen: s, began: time.Now(), told: time.Now()}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopPatience
	err := cmd.Run()
	s.show(nil)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("building the operator: %w\n%s", err, said.text.Bytes())
	}
	return binary, nil
}

// buildOutput keeps what the go command says, which with -v is a line for each package, and tells how far it is: on a
// terminal all the time, elsewhere now and then.
type buildOutput struct {
	screen      *screen
	text        bytes.Buffer
	began, told time.Time
}

const tellEvery = 20 * time.Second

func (o *buildOutput) Write(text []byte) (int, error) {
	o.text.Write(text)
	state := fmt.Sprintf("    %d packages, %s", bytes.Count(o.text.Bytes(), []byte("\n")), time.Since(o.began).Round(time.Second))
	o.screen.show([]string{state})
	if !o.screen.terminal && time.Since(o.told) > tellEvery {
		o.told = time.Now()
		o.screen.line("", state)
	}
	return len(text), nil
}
