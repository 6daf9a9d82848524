package main

import (
	"context"
	"fmt"
	"sync"
	_ "unsafe" // for go:linkname

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/keycloak/terraform-provider-keycloak/keycloak"
)

// Newer upstream providers have client profiles and client policies. These have the same names and inputs, so that
// a program runs on either plugin. Each of the two is an entry in a list that Keycloak takes as a whole.

//go:linkname get github.com/keycloak/terraform-provider-keycloak/keycloak.(*KeycloakClient).get
func get(client *keycloak.KeycloakClient, ctx context.Context, path string, answer interface{}, params map[string]string) error

//go:linkname put github.com/keycloak/terraform-provider-keycloak/keycloak.(*KeycloakClient).put
func put(client *keycloak.KeycloakClient, ctx context.Context, path string, body interface{}) error

// entry is one profile or policy as Keycloak has it; what this plugin does not know of it is kept.
type entry = map[string]interface{}

// list is what Keycloak has of a kind: profiles or policies.
type list struct {
	kind     string // the last part of the path, and the name of the list in it
	resource string // in the ids of the resources
	// part: by this name Keycloak and the resource know what a profile or policy is made of.
	part      string
	toEntry   func(data *schema.ResourceData) entry
	fromEntry func(data *schema.ResourceData, found entry) error
}

// Two that are changed at the same time would undo each other.
var writing sync.Mutex

func (kind list) read(ctx context.Context, client *keycloak.KeycloakClient, realm string) ([]entry, error) {
	var answer map[string][]entry
	if err := get(client, ctx, fmt.Sprintf("/realms/%s/client-policies/%s", realm, kind.kind), &answer, nil); err != nil {
		return nil, err
	}
	return answer[kind.kind], nil
}

// change replaces the entry of a name by the given ones, all others kept; a name that must be new has none yet.
func (kind list) change(ctx context.Context, meta interface{}, data *schema.ResourceData, with ...entry) error {
	writing.Lock()
	defer writing.Unlock()
	client, realm := meta.(*keycloak.KeycloakClient), data.Get("realm_id").(string)
	found, err := kind.read(ctx, client, realm)
	if err != nil {
		return err
	}
	changed := []entry{}
	for _, other := range found {
		// Keycloak refuses a second one of a name: what was made by others is not taken over.
		if data.Id() == "" || other["name"] != data.Get("name") {
			changed = append(changed, other)
		}
	}
	body := map[string][]entry{kind.kind: append(changed, with...)}
	return put(client, ctx, fmt.Sprintf("/realms/%s/client-policies/%s", realm, kind.kind), body)
}

func (kind list) resourceWith(fields map[string]*schema.Schema) *schema.Resource {
	fields["name"] = &schema.Schema{Type: schema.TypeString, Required: true, ForceNew: true}
	fields["realm_id"] = &schema.Schema{Type: schema.TypeString, Required: true}
	fields["description"] = &schema.Schema{Type: schema.TypeString, Optional: true}
	fields[kind.part] = &schema.Schema{
		Type:     schema.TypeList,
		Optional: true,
		Elem: &schema.Resource{Schema: map[string]*schema.Schema{
			"name": {Type: schema.TypeString, Required: true},
			"configuration": {
				Type:     schema.TypeMap,
				Optional: true,
				Elem:     &schema.Schema{Type: schema.TypeString},
			},
		}},
	}
	read := func(ctx context.Context, data *schema.ResourceData, meta interface{}) diag.Diagnostics {
		found, err := kind.read(ctx, meta.(*keycloak.KeycloakClient), data.Get("realm_id").(string))
		if err != nil {
			return diag.FromErr(err)
		}
		for _, one := range found {
			if one["name"] == data.Get("name") {
				return diag.FromErr(kind.fromEntry(data, one))
			}
		}
		data.SetId("")
		return nil
	}
	write := func(ctx context.Context, data *schema.ResourceData, meta interface{}) diag.Diagnostics {
		if err := kind.change(ctx, meta, data, kind.toEntry(data)); err != nil {
			return diag.FromErr(err)
		}
		data.SetId(fmt.Sprintf("%s/%s/%s", data.Get("realm_id"), kind.resource, data.Get("name")))
		return read(ctx, data, meta)
	}
	return &schema.Resource{
		CreateContext: write,
		ReadContext:   read,
		UpdateContext: write,
		DeleteContext: func(ctx context.Context, data *schema.ResourceData, meta interface{}) diag.Diagnostics {
			return diag.FromErr(kind.change(ctx, meta, data))
		},
		Schema: fields,
	}
}

func (kind list) common(data *schema.ResourceData) entry {
	parts := []entry{}
	for _, one := range data.Get(kind.part).([]interface{}) {
		part := one.(map[string]interface{})
		parts = append(parts, entry{kind.part: part["name"], "configuration": part["configuration"]})
	}
	return entry{"name": data.Get("name"), "description": data.Get("description"), kind.part + "s": parts}
}

func (kind list) setCommon(data *schema.ResourceData, found entry) error {
	parts := []interface{}{}
	for _, one := range asList(found[kind.part+"s"]) {
		part, _ := one.(map[string]interface{})
		configuration := map[string]interface{}{}
		given, _ := part["configuration"].(map[string]interface{})
		for key, value := range given {
			configuration[key] = fmt.Sprint(value)
		}
		parts = append(parts, map[string]interface{}{"name": part[kind.part], "configuration": configuration})
	}
	if err := data.Set("description", found["description"]); err != nil {
		return err
	}
	return data.Set(kind.part, parts)
}

func asList(value interface{}) []interface{} {
	values, _ := value.([]interface{})
	return values
}

func clientPolicyProfile() *schema.Resource {
	kind := list{kind: "profiles", resource: "realm-client-policy-profiles", part: "executor"}
	kind.toEntry = kind.common
	kind.fromEntry = kind.setCommon
	return kind.resourceWith(map[string]*schema.Schema{})
}

func clientPolicyProfilePolicy() *schema.Resource {
	kind := list{kind: "policies", resource: "realm-client-policy-profile-policies", part: "condition"}
	kind.toEntry = func(data *schema.ResourceData) entry {
		made := kind.common(data)
		made["enabled"] = data.Get("enabled")
		made["profiles"] = data.Get("profiles").(*schema.Set).List()
		return made
	}
	kind.fromEntry = func(data *schema.ResourceData, found entry) error {
		if err := data.Set("enabled", found["enabled"]); err != nil {
			return err
		}
		if err := data.Set("profiles", asList(found["profiles"])); err != nil {
			return err
		}
		return kind.setCommon(data, found)
	}
	return kind.resourceWith(map[string]*schema.Schema{
		"enabled": {Type: schema.TypeBool, Optional: true, Default: true},
		"profiles": {
			Type:     schema.TypeSet,
			Elem:     &schema.Schema{Type: schema.TypeString},
			Set:      schema.HashString,
			Required: true,
			ForceNew: true,
		},
	})
}
