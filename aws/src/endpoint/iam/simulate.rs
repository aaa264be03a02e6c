//! What policies would say.

use super::super::paging::Paging;
use super::super::parameters::{ACTION, ARN, DOCUMENT, Parameters, RESOURCE};
use super::super::xml::Xml;
use super::Call;
use crate::account::{Caller, IamError, Principal};
use crate::names::AwsUser;
use crate::policy::{Context, Decision, Document, Request, decide};

/// How many answers one call gives: each action with each resource.
const MOST: usize = 1000;

/// What both operations have.
struct Simulation<'a> {
    actions: Vec<&'a str>,
    resources: Vec<&'a str>,
    policies: Vec<&'a str>,
    paging: Paging,
}

impl<'a> Simulation<'a> {
    fn read(parameters: &mut Parameters<'a>) -> Self {
        let actions = parameters.list("ActionNames", &ACTION);
        if actions.is_empty() {
            parameters.miss("ActionNames");
        }
        let mut resources = parameters.list("ResourceArns", &RESOURCE);
        if resources.is_empty() {
            resources.push("*");
        }
        Self {
            actions,
            resources,
            policies: parameters.list("PolicyInputList", &DOCUMENT),
            paging: Paging::read(parameters),
        }
    }

    fn run(&self, call: &Call<'_>, own: &[&str], mut context: Context) -> Result<Xml, IamError> {
        let invalid = |message: String| IamError::new("InvalidInput", 400, message);
        for number in 1..=MOST {
            let Some(key) = call.form.get(&format!("ContextEntries.member.{number}.ContextKeyName")) else {
                break;
            };
            let values = format!("ContextEntries.member.{number}.ContextKeyValues");
            let values = call.form.list(&values).map(str::to_owned).collect();
            context.insert_all(key, values);
        }
        let texts = own.iter().chain(&self.policies);
        let documents: Result<Vec<_>, _> = texts.map(|text| Document::parse(text)).collect();
        let documents = documents.map_err(|error| invalid(format!("Invalid policy: {error}")))?;
        let documents: Vec<_> = documents.iter().collect();
        if self.actions.len().saturating_mul(self.resources.len()) > MOST {
            return Err(invalid(format!("More than {MOST} simulations were asked for.")));
        }
        let all = self
            .actions
            .iter()
            .flat_map(|action| self.resources.iter().map(move |resource| (action, resource)));
        let all = (0..).zip(all).map(|(number, one)| (format!("{number:06}"), one));
        let page = self.paging.page(all, |(key, _)| key);
        let mut xml = Xml::default();
        xml.list("EvaluationResults", &page.items, |member, (_, (action, resource))| {
            let request = Request {
                action,
                resource,
                context: &context,
            };
            let decision = match decide(&documents, &request) {
                Decision::Allowed { .. } => "allowed",
                Decision::ExplicitDeny { .. } => "explicitDeny",
                Decision::ImplicitDeny => "implicitDeny",
            };
            member.text("EvalActionName", action).text("EvalResourceName", resource);
            member.text("EvalDecision", decision);
            member
                .within("MatchedStatements", |_| {})
                .within("MissingContextValues", |_| {});
        });
        page.end(&mut xml);
        Ok(xml)
    }
}

pub(super) fn custom(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let simulation = Simulation::read(&mut parameters);
    if simulation.policies.is_empty() {
        parameters.miss("PolicyInputList");
    }
    parameters.finish()?;
    call.authorize("iam:SimulateCustomPolicy", "*")?;
    simulation.run(call, &[], Context::new())
}

/// Of a user or a role; groups by a user in them.
pub(super) fn principal(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let arn = parameters.required("PolicySourceArn", &ARN);
    let simulation = Simulation::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:SimulatePrincipalPolicy", arn)?;
    let name = arn.rsplit_once('/').map(|(_, name)| name).unwrap_or_default();
    let user = AwsUser::Iam(name.to_owned());
    let principal = if call.user_arn(&user) == arn && call.account.user(&user).is_some() {
        Principal::User(user)
    } else if call
        .account
        .role(name)
        .is_ok_and(|role| call.account.role_arn(role) == arn)
    {
        let session = String::new();
        Principal::Role {
            name: name.to_owned(),
            session,
        }
    } else {
        return Err(IamError::no_such(format!("The principal {arn} cannot be found.")));
    };
    let caller = Caller {
        principal,
        session: None,
    };
    let context = call.account.context(&caller, call.now);
    let own = call.account.policies_of(&caller.principal);
    simulation.run(call, &own, context)
}
