package process

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Build compiles a package of the checkout at root into a program. What the go command says, which is a line for each package that it
// compiles, goes to progress, and into the error if there is one.
func Build(ctx context.Context, root, program, pkg string, progress io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-o", program, pkg)
	cmd.Dir = root
	var text bytes.Buffer
	said := io.MultiWriter(&text, progress)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopPatience
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("building %s: %w\n%s", pkg, err, text.Bytes())
	}
	return nil
}
