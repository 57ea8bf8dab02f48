package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	lockFile  = ".lock"
	buildDirs = ".build-" // prefix of the folders in which a build under way writes
)

// cache keeps built binaries in one folder.
type cache struct {
	dir   string
	build builder
	log   io.Writer
}

// builder builds a binary into the file out. A process that it starts must inherit lock: should the caller be
// killed, the lock is held until that process, which goes on writing, has ended too.
type builder func(ctx context.Context, b binary, out string, lock *os.File) error

// ensure builds those of the wanted binaries that the folder lacks. A binary appears by a rename of a finished file, and
// only while the lock is held, so that neither an interruption nor a second process can leave half a file under its name.
func (c cache) ensure(ctx context.Context, wanted ...binary) error {
	if len(c.missing(wanted)) == 0 {
		return nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("preparing the folder for the control plane: %w", err)
	}
	lock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := c.sweep(); err != nil {
		return err
	}
	for _, b := range c.missing(wanted) {
		if err := c.install(ctx, b, lock); err != nil {
			return err
		}
	}
	return nil
}

func (c cache) missing(wanted []binary) []binary {
	var missing []binary
	for _, b := range wanted {
		if !isExecutable(filepath.Join(c.dir, b.name)) {
			missing = append(missing, b)
		}
	}
	return missing
}

func (c cache) install(ctx context.Context, b binary, lock *os.File) (err error) {
	scratch, err := os.MkdirTemp(c.dir, buildDirs)
	if err != nil {
		return fmt.Errorf("building %s: %w", b.name, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	out := filepath.Join(scratch, b.name)
	if err := c.build(ctx, b, out, lock); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("building %s: %w", b.name, err)
	}
	if err := os.Rename(out, filepath.Join(c.dir, b.name)); err != nil {
		return fmt.Errorf("building %s: %w", b.name, err)
	}
	return nil
}

// sweep removes what a killed process left. Whoever holds the lock knows that no build is under way.
func (c cache) sweep() error {
	left, err := filepath.Glob(filepath.Join(c.dir, buildDirs+"*"))
	if err != nil {
		return fmt.Errorf("removing an interrupted build: %w", err)
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing an interrupted build: %w", err)
		}
	}
	return nil
}

// lock waits until no other process builds into the folder. Closing the file, or the end of its holders, gives the lock back.
func (c cache) lock(ctx context.Context) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(c.dir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the folder for the control plane: %w", err)
	}
	retry := time.NewTicker(200 * time.Millisecond)
	defer retry.Stop()
	for told := false; ; {
		free, err := tryLock(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", file.Name(), err), file.Close())
		}
		if free {
			return file, nil
		}
		if !told {
			told = true
			_, _ = fmt.Fprintln(c.log, "Waiting for another process that builds the control plane")
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for another build of the control plane: %w", ctx.Err()), file.Close())
		case <-retry.C:
		}
	}
}
