"use strict";

const TEXTS = {
  en: {
    hint: "GraphQL console · POST /graphql",
    token: "Token",
    placeholder: "Paste a token; only this tab keeps it",
    forget: "Forget",
    query: `# Without a token you are anonymous.
#
# Where a token comes from:
# members   signInWithWechat, code of wx.login
# staff     sign in with name and password
# factory   an API key from the brand
#
# Paste it into the field at the top.

{
  viewer {
    kind
  }
}
`,
  },
  zh: {
    hint: "GraphQL 控制台 · POST /graphql",
    token: "令牌",
    placeholder: "在此粘贴令牌，仅保存在本标签页",
    forget: "清除",
    query: `# 没有令牌时，您是匿名访客。
#
# 令牌从哪里来：
# 会员   用 wx.login 的 code 调用 signInWithWechat
# 员工   用账号和密码登录
# 工厂   由品牌方发放的 API 密钥
#
# 请粘贴到顶部的输入框。

{
  viewer {
    kind
  }
}
`,
  },
};

const language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const texts = TEXTS[language];
const KEY = "smallbatch.token";
const field = document.getElementById("token");
const forget = document.getElementById("forget");

document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
document.getElementById("hint").textContent = texts.hint;
document.getElementById("token-label").textContent = texts.token;
field.placeholder = texts.placeholder;
forget.textContent = texts.forget;
field.value = sessionStorage.getItem(KEY) ?? "";

const authorization = () => (field.value ? { Authorization: `Bearer ${field.value}` } : {});
const socketUrl = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`;

// A new fetcher makes GraphiQL read the schema again, and a new socket introduces itself with the new token.
function fetcher() {
  return GraphiQL.createFetcher({
    url: "/graphql",
    fetch: (url, init) => fetch(url, { ...init, headers: { ...authorization(), ...init.headers } }),
    wsClient: graphqlWs.createClient({ url: socketUrl, connectionParams: authorization }),
  });
}

const root = ReactDOM.createRoot(document.getElementById("graphiql"));
function show() {
  root.render(
    React.createElement(
      GraphiQL,
      { fetcher: fetcher(), defaultQuery: texts.query, isHeadersEditorEnabled: true, shouldPersistHeaders: false },
      React.createElement(GraphiQL.Logo, null, React.createElement("span", { className: "smallbatch-logo" }, "GraphiQL")),
    ),
  );
}

function keep(token) {
  field.value = token.trim().replace(/^Bearer\s+/i, "");
  if (field.value) {
    sessionStorage.setItem(KEY, field.value);
  } else {
    sessionStorage.removeItem(KEY);
  }
  show();
}

field.addEventListener("change", () => keep(field.value));
forget.addEventListener("click", () => keep(""));
show();
