package main

import (
	"context"
	"maps"
	"strconv"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

const (
	dpopInput     = "require_dpop_bound_tokens"
	dpopAttribute = "dpop.bound.access.tokens"
)

// withDpop gives a client the input of newer upstream providers that says whether its tokens need a proof of possession.
// Upstream handles attributes that it does not know by `extra_config`, in which this one is while upstream's code runs.
func withDpop(client *schema.Resource) *schema.Resource {
	client.Schema[dpopInput] = &schema.Schema{Type: schema.TypeBool, Optional: true, Computed: true}
	type operation = func(context.Context, *schema.ResourceData, interface{}) diag.Diagnostics
	wrapped := func(inner operation) operation {
		return func(ctx context.Context, data *schema.ResourceData, meta interface{}) diag.Diagnostics {
			isRequired, _ := data.Get(dpopInput).(bool)
			if err := data.Set("extra_config", with(data, strconv.FormatBool(isRequired))); err != nil {
				return diag.FromErr(err)
			}
			result := inner(ctx, data, meta)
			found := with(data, "")
			isRequired = data.Get("extra_config").(map[string]interface{})[dpopAttribute] == "true"
			delete(found, dpopAttribute)
			if err := data.Set("extra_config", found); err != nil {
				return append(result, diag.FromErr(err)...)
			}
			if err := data.Set(dpopInput, isRequired); err != nil {
				return append(result, diag.FromErr(err)...)
			}
			return result
		}
	}
	client.CreateContext = wrapped(client.CreateContext)
	client.ReadContext = wrapped(client.ReadContext)
	client.UpdateContext = wrapped(client.UpdateContext)
	return client
}

// with is a copy of a client's further attributes, with this one.
func with(data *schema.ResourceData, dpop string) map[string]interface{} {
	attributes := maps.Clone(data.Get("extra_config").(map[string]interface{}))
	if attributes == nil {
		attributes = map[string]interface{}{}
	}
	attributes[dpopAttribute] = dpop
	return attributes
}
