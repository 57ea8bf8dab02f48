//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package controlplane

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the exclusive lock on file, which lasts until the file is closed, or reports that another one has it.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
