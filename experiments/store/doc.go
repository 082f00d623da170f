// Package store is the results database: one campaign with its settings, images,
// sources, rows, sessions and causes, each record under a seal. All SQL is here.
package store
