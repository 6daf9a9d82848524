/** The variable from which the examples take the ready header. */
export const VARIABLE = "SCPCLOUD_AUTHORIZATION";

/** The lines that fill it from the file that the customer has opened. */
export const FILLS_VARIABLE = {
  shell: `export ${VARIABLE}="$(jq -r .authorization credential.json)"`,
  powerShell: `$env:${VARIABLE} = (Get-Content credential.json | ConvertFrom-Json).authorization`,
};

export interface Example {
  readonly language: string;
  readonly code: string;
}

/** A call in the languages that customers use. None of them shows the credential to whoever lists processes. */
export function examples(url: string): Example[] {
  return [
    {
      language: "curl",
      code: `printf 'header = "Authorization: %s"\\n' "$${VARIABLE}" | curl --fail-with-body --config - "${url}"`,
    },
    {
      language: "C# (HttpClient)",
      code: `using System.Net.Http.Headers;

var http = new HttpClient(); // one for the whole program
http.DefaultRequestHeaders.Authorization =
    AuthenticationHeaderValue.Parse(Environment.GetEnvironmentVariable("${VARIABLE}")!);
Console.WriteLine(await http.GetStringAsync("${url}"));`,
    },
    {
      language: "Python",
      code: `import os
import urllib.request

request = urllib.request.Request("${url}")
request.add_header("Authorization", os.environ["${VARIABLE}"])
with urllib.request.urlopen(request, timeout=30) as response:
    print(response.read().decode())`,
    },
    {
      language: "Java",
      code: `import java.net.URI;
import java.net.http.*;

public class Call {
  public static void main(String[] arguments) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("${url}"))
        .header("Authorization", System.getenv("${VARIABLE}"))
        .build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(answer.statusCode() + " " + answer.body());
  }
}`,
    },
  ];
}
