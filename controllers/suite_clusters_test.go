package controllers

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/entraguests/entra-guest-operator/internal/controlplane"
)

// maxClusters bounds how many control planes run at a time, whatever -parallel says: each takes about a third of a gigabyte.
const maxClusters = 3

// clusters are the control planes that the tests of this package share.
var clusters = clusterPool{slots: make(chan struct{}, maxClusters)}

// clusterPool lends control planes, each to one test at a time, and starts them as they are needed.
type clusterPool struct {
	slots chan struct{}

	mu   sync.Mutex
	idle []*controlplane.ControlPlane
}

// borrow gives a control plane to a test, which has to leave it empty.
func (p *clusterPool) borrow(t *testing.T) (*controlplane.ControlPlane, error) {
	p.slots <- struct{}{}
	t.Cleanup(func() { <-p.slots })
	plane := p.takeIdle()
	if plane == nil {
		var err error
		if plane, err = controlplane.Start(context.Background(), controlplane.Options{}); err != nil {
			return nil, err
		}
	}
	t.Cleanup(func() { p.giveBack(plane) })
	return plane, nil
}

func (p *clusterPool) takeIdle() *controlplane.ControlPlane {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	plane := p.idle[last]
	p.idle = p.idle[:last]
	return plane
}

func (p *clusterPool) giveBack(plane *controlplane.ControlPlane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, plane)
}

// stop ends the control planes, all of which have been given back.
func (p *clusterPool) stop() (err error) {
	for _, plane := range p.idle {
		err = errors.Join(err, plane.Stop())
	}
	return err
}
