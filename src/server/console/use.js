// For a client's author: the URLs, the CA to trust, and a snippet for each language.
import { html } from './html.js';
import { save, scope } from './api.js';
import { Action, Button, Copy, Empty, Facts } from './parts.js';
import { route, setQuery } from './route.js';
import { base, health } from './store.js';

export default function Use() {
  const { http, version, path } = base();
  const { https } = health.value;
  const control = `${location.origin}/control/v1/`;
  const ca = `curl -sSf ${control}tls/ca.pem -o ca.pem`;
  const list = https ? snippets(https + path + '/products/download/CollectSMIME', ca) : [];
  const [language, text] = list.find(([name]) => name === route.value.query.in) || list[0] || [];
  const line = (title, url) => url && [title, html`<code>${url}</code> <${Copy} class="quiet small" text=${url} aria-label=${`Copy ${title}`} />`];
  return html`<div class="use">
    <section aria-label="Addresses"><h2>Addresses</h2><${Facts} of=${[
      line('The API, in place of Sectigo’s address', https && https + path), line('Over plain HTTP, which answers −1', http && http + path),
      line('Control API', (control + scope()).slice(0, -1)), ['Version', version],
    ].filter(Boolean)} /></section>
    <section aria-label="Trust"><h2>Trust</h2><p>The emulator’s certificate is signed by its own CA. Let the client under test trust it, and nothing else.</p>
      <p class="actions"><${Action} class="primary" run=${() => save('/control/v1/tls/ca.pem', 'ca.pem')}>Download ca.pem<//> <${Copy} text=${ca}>Copy as curl<//></p></section>
    <section aria-label="Snippets"><h2>From a program</h2>
      ${language ? html`<div class="tabs" role="group" aria-label="Language">${list.map(([name]) => html`<${Button} key=${name} aria-pressed=${String(name === language)} class=${name === language ? 'on' : ''}
          onClick=${() => setQuery({ in: name })}>${name}<//>`)}<span class="push"></span><${Copy} text=${text} /></div>
        <pre class="text" tabindex="0" aria-label=${`${language} snippet`}>${text}</pre>`
      : html`<${Empty} title="The API is not served over HTTPS."><p>Start the emulator without --https off.</p><//>`}</section>
  </div>`;
}

const FORM = [['loginName', 'login_name'], ['loginPassword', 'login_password'], ['orderNumber', '1234567'], ['queryType', '1']];

function snippets(url, ca) {
  const pairs = (shape, between = ', ') => FORM.map(([name, value]) => shape.replace('NAME', name).replace('VALUE', value)).join(between);
  return [
    ['curl', `${ca}\ncurl --cacert ca.pem ${url} \\\n${pairs('  -d NAME=VALUE', ' \\\n')}`],
    ['Python', `# pip install requests; ${ca}
import requests

answer = requests.post(
    "${url}",
    data={${pairs('"NAME": "VALUE"')}},
    verify="ca.pem",
)
print(answer.text)`],
    ['Node', `// ${ca}
// NODE_EXTRA_CA_CERTS=ca.pem node client.mjs
const answer = await fetch('${url}', {
  method: 'POST',
  body: new URLSearchParams({ ${pairs(`NAME: 'VALUE'`)} }),
});
console.log(await answer.text());`],
    ['Java', `// ${ca}
// keytool -importcert -noprompt -alias emulator -file ca.pem -keystore trust.p12 -storepass changeit
// java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit Client.java
import java.net.URI;
import java.net.http.*;

class Client {
    public static void main(String[] arguments) throws Exception {
        var form = "${pairs('NAME=VALUE', '&')}";
        var request = HttpRequest.newBuilder(URI.create("${url}"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}`],
    ['Go', `// ${ca}
// SSL_CERT_FILE=ca.pem go run client.go
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
)

func main() {
	answer, err := http.PostForm("${url}", url.Values{
${pairs(`\t\t"NAME": {"VALUE"},`, '\n')}
	})
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(string(body))
}`],
    ['PHP', `<?php // ${ca}
$call = curl_init('${url}');
curl_setopt_array($call, [
    CURLOPT_CAINFO => 'ca.pem',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query([${pairs(`'NAME' => 'VALUE'`)}]),
]);
echo curl_exec($call);`],
    ['Rust', `// cargo add reqwest --features blocking,form; ${ca}
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ca = reqwest::Certificate::from_pem(&std::fs::read("ca.pem")?)?;
    let answer = reqwest::blocking::Client::builder().add_root_certificate(ca).build()?
        .post("${url}")
        .form(&[${pairs('("NAME", "VALUE")')}])
        .send()?;
    println!("{}", answer.text()?);
    Ok(())
}`],
  ];
}
