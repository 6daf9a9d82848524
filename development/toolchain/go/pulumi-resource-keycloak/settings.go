package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"unsafe"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/keycloak/terraform-provider-keycloak/keycloak"
)

// Newer upstream providers have these settings, each with the variable that stands for it. Here they have the same names
// and rules. Upstream's code knows none of them: transport changes its requests, and some answers, on their way.
var newerSettings = map[string]string{
	"access_token":           "KEYCLOAK_ACCESS_TOKEN",
	"admin_url":              "KEYCLOAK_ADMIN_URL",
	"jwt_token":              "KEYCLOAK_JWT_TOKEN",
	"jwt_token_file":         "KEYCLOAK_JWT_TOKEN_FILE",
	"keycloak_version":       "KEYCLOAK_VERSION",
	"tls_client_certificate": "",
	"tls_client_private_key": "",
}

// assumedVersion is what a server has that hides its version, unless keycloak_version says it. Upstream's code asks
// whether it is 11 or newer, and 13 or newer.
const assumedVersion = "26.0.0"

//go:linkname login github.com/keycloak/terraform-provider-keycloak/keycloak.(*KeycloakClient).login
func login(client *keycloak.KeycloakClient, ctx context.Context) error

// withNewerSettings has the provider understand them. With an assertion it needs no client id.
func withNewerSettings(upstream *schema.Provider) {
	for name, variable := range newerSettings {
		upstream.Schema[name] = &schema.Schema{
			Type:        schema.TypeString,
			Optional:    true,
			DefaultFunc: schema.EnvDefaultFunc(variable, nil),
		}
	}
	upstream.Schema["client_id"].Required, upstream.Schema["client_id"].Optional = false, true

	configure := upstream.ConfigureContextFunc
	upstream.ConfigureContextFunc = func(ctx context.Context, data *schema.ResourceData) (interface{}, diag.Diagnostics) {
		logsIn := data.Get("initial_login").(bool)
		// Not before its requests go through transport.
		if err := data.Set("initial_login", false); err != nil {
			return nil, diag.FromErr(err)
		}
		made, result := configure(ctx, data)
		if result.HasError() {
			return nil, result
		}
		client := made.(*keycloak.KeycloakClient)
		err := changeTransport(*privateField[*http.Client](client, "httpClient"), data)
		if err == nil && logsIn {
			*privateField[bool](client, "initialLogin") = true
			err = login(client, ctx)
		}
		if err != nil {
			return nil, append(result, diag.Diagnostic{
				Severity: diag.Error,
				Summary:  "error initializing keycloak provider",
				Detail:   fmt.Sprintf("failed to perform initial login to Keycloak: %v", err),
			})
		}
		return client, result
	}
}

func privateField[T any](client *keycloak.KeycloakClient, name string) *T {
	return (*T)(unsafe.Pointer(reflect.ValueOf(client).Elem().FieldByName(name).UnsafeAddr()))
}

type transport struct {
	*http.Transport
	settings    map[string]string
	keycloakUrl string
}

func changeTransport(client *http.Client, data *schema.ResourceData) error {
	// Now, since data cannot be read by several requests at once.
	settings := map[string]string{}
	for name := range newerSettings {
		settings[name] = data.Get(name).(string)
	}
	for _, name := range []string{"base_path", "client_id", "url"} {
		settings[name] = data.Get(name).(string)
	}
	// Spelled as in a request.
	keycloakUrl, err := url.Parse(settings["url"] + settings["base_path"])
	if err != nil {
		return err
	}
	changed := transport{client.Transport.(*http.Transport), settings, keycloakUrl.String()}
	certificate, key := settings["tls_client_certificate"], settings["tls_client_private_key"]
	if certificate != "" && key != "" {
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			return err
		}
		changed.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	client.Transport = changed
	return nil
}

func (changed transport) RoundTrip(request *http.Request) (*http.Response, error) {
	path, found := strings.CutPrefix(request.URL.String(), changed.keycloakUrl)
	switch {
	case found && strings.HasSuffix(path, "/protocol/openid-connect/token"):
		return changed.askForToken(request)
	case found && strings.HasPrefix(path, "/admin/"):
		return changed.askAdmin(request, path)
	default:
		return changed.Transport.RoundTrip(request)
	}
}

// askForToken presents the assertion in place of the client secret. A file with one is read at each login, since whoever
// issues it writes it anew. An access token is the answer itself.
func (changed transport) askForToken(request *http.Request) (*http.Response, error) {
	if token := changed.settings["access_token"]; token != "" {
		body, err := json.Marshal(map[string]string{"access_token": token, "token_type": "bearer"})
		return withBody(&http.Response{StatusCode: http.StatusOK, Request: request}, body), err
	}
	assertion, file := changed.settings["jwt_token"], changed.settings["jwt_token_file"]
	if assertion == "" && file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("failed to read JWT token from file: %w", err)
		}
		assertion = strings.TrimSpace(string(content))
	}
	if assertion == "" {
		return changed.Transport.RoundTrip(request)
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	if clientId := changed.settings["client_id"]; clientId != "" {
		form.Set("client_id", clientId)
	}
	body := form.Encode()
	request = request.Clone(request.Context())
	request.Body, request.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return changed.Transport.RoundTrip(request)
}

// askAdmin asks at the admin URL, and completes what the server says about itself by its version.
func (changed transport) askAdmin(request *http.Request, path string) (*http.Response, error) {
	if adminUrl := changed.settings["admin_url"]; adminUrl != "" {
		target, err := url.Parse(adminUrl + changed.settings["base_path"] + path)
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.URL, request.Host = target, target.Host
	}
	response, err := changed.Transport.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK || path != "/admin/serverinfo" {
		return response, err
	}
	defer response.Body.Close()
	info := map[string]interface{}{}
	if err := json.NewDecoder(response.Body).Decode(&info); err != nil {
		return nil, err
	}
	system, _ := info["systemInfo"].(map[string]interface{})
	if shown, _ := system["version"].(string); shown == "" {
		version := changed.settings["keycloak_version"]
		if version == "" {
			version = assumedVersion
		}
		info["systemInfo"] = map[string]string{"version": version}
	}
	body, err := json.Marshal(info)
	return withBody(response, body), err
}

func withBody(response *http.Response, body []byte) *http.Response {
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response
}
