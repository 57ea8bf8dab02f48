package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// follow lists a kind and watches it from there, again and again: a watch ends now and then.
func (v *view) follow(ctx context.Context, k *kind) {
	for ctx.Err() == nil {
		if err := v.followOnce(ctx, k); err == nil || ctx.Err() != nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second): // a server that fails is not asked at once again
		}
	}
}

func (v *view) followOnce(ctx context.Context, k *kind) error {
	text, err := v.request(k).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("listing %s: %w", k.resource, err)
	}
	var list metav1.Table
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("listing %s: %w", k.resource, err)
	}
	if err := v.replace(k, &list); err != nil {
		return err
	}
	stream, err := v.request(k).Param("watch", "true").Param("resourceVersion", list.ResourceVersion).Stream(ctx)
	if err != nil {
		return fmt.Errorf("watching %s: %w", k.resource, err)
	}
	defer func() { _ = stream.Close() }()
	events := json.NewDecoder(stream)
	for {
		var event struct {
			Type   string       `json:"type"`
			Object metav1.Table `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return nil // the watch has ended
		}
		if event.Type == "ERROR" {
			return errors.New("watching " + k.resource + ": the server ended the watch")
		}
		if err := v.apply(k, event.Type, &event.Object); err != nil {
			return err
		}
	}
}

// request asks for objects together with their printed columns.
func (v *view) request(k *kind) *rest.Request {
	return v.client.Get().Resource(k.resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").
		Param("includeObject", "Object")
}

// readTable reads a table into rows. Only the first table of a watch says what its columns are, and columns of a priority
// other than 0 are for -o wide.
func readTable(table *metav1.Table, columns []string, rows map[string]row) ([]string, error) {
	for _, c := range table.ColumnDefinitions {
		if c.Priority == 0 && len(columns) < len(table.ColumnDefinitions) && !slices.Contains(columns, strings.ToUpper(c.Name)) {
			columns = append(columns, strings.ToUpper(c.Name))
		}
	}
	for _, printed := range table.Rows {
		var object metav1.PartialObjectMetadata
		if err := json.Unmarshal(printed.Object.Raw, &object); err != nil {
			return nil, fmt.Errorf("reading a row: %w", err)
		}
		r := row{
			namespace: object.Namespace, name: object.Name,
			created: object.CreationTimestamp.Time, object: printed.Object.Raw,
		}
		for _, cell := range printed.Cells[:min(len(columns), len(printed.Cells))] {
			r.cells = append(r.cells, cellText(cell))
		}
		rows[r.key()] = r
	}
	return columns, nil
}

func cellText(cell any) string {
	if cell == nil || cell == "" {
		return "-"
	}
	return fmt.Sprint(cell)
}
